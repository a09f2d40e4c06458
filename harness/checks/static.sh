#!/bin/sh
# Static analysis of the C files that the series adds to the kernel: W=1 of each
# compiler, sparse, the tree's Coccinelle scripts, and kernel-doc. Each one has to
# find a planted fault first. Each compiler builds the tests of one ABI, too, and with
# -O2, as it warns of more then.
#
#   static.sh COMPILER...
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

make_work

# Recompile the objects of the series and print what make prints.
make_objects()
{
	for file in $sources; do
		rm -f "$OUT/${file%.c}.o"
		"$HARNESS/kernel.sh" on "$@" "${file%.c}.o"
		cat "$BUILD/log/make-$LABEL-on.log"
	done
}

# Findings in the kernel's own headers do not count.
has_no_finding()
{
	make_objects "$@" >"$work/output"
	for file in $sources $headers; do
		! grep "$file:[0-9].*\(warning\|error\):" "$work/output" || return 1
	done
}

# finds_planted PATTERN HEADER WORD...
finds_planted()
{
	pattern=$1 header=$2
	shift 2
	make_objects "$@" >"$work/output" || :
	grep "$header.*$pattern" "$work/output" || { cat "$work/output"; return 1; }
}

cat >"$work/w1.h" <<'END'
static inline void planted(void) { int unused; unused = 1; }
END
cat >"$work/sparse.h" <<'END'
int planted(int __attribute__((noderef, address_space(1))) *p) { return *p; }
END
cat >"$work/planted.c" <<'END'
/**
 * planted - Misses a parameter
 */
void planted(void *a) { if (a) kfree(a); }
END

# Findings go to standard output. Some scripts take very long for some files.
cocci()
{
	script=$1
	shift
	options=$(sed -n 's,^// *Options:,,p' "$script")
	# shellcheck disable=SC2086 # options are words
	timeout 120 spatch -D report --no-show-diff --very-quiet $options \
		--cocci-file "$script" -I include -I include/uapi "$@" 2>"$work/errors" ||
		say "$script: ended with status $?; $(cat "$work/errors")"
}

# Two of the scripts need OCaml: one is for a single driver, and what the other
# one looks for (0 as a null pointer) sparse sees as well.
applies()
{
	grep -q 'virtual[[:space:]]*report' "$1" && ! grep -q 'script:ocaml' "$1"
}

cocci_all()
{
	cd "$TREE"
	for script in $(find scripts/coccinelle -name '*.cocci' | sort); do
		! applies "$script" || cocci "$script" "$@"
	done >"$work/output"
	[ ! -s "$work/output" ] || { cat "$work/output"; return 1; }
}

finds_planted_cocci()
{
	cd "$TREE"
	cocci scripts/coccinelle/free/ifnullfree.cocci "$work/planted.c" | grep WARNING
}

kernel_doc()
{
	cd "$TREE"
	scripts/kernel-doc -none -Wall "$@" >"$work/output" 2>&1 || { cat "$work/output"; return 1; }
	! grep . "$work/output"
}

finds_planted_doc()
{
	! kernel_doc "$work/planted.c"
}

"$HARNESS/tree.sh"
sources=$(added_files c) headers=$(added_files h)
[ -n "$sources" ] || die "$SERIES/series/commits: expected C files that the series adds"
for CC; do
	. "$HARNESS/kernel-lib.sh"
	export CC
	check "W=1 of $CC sees a planted fault" \
		finds_planted 'set but not used' w1.h W=1 KCFLAGS="-include $work/w1.h"
	check "W=1 of $CC has no finding" has_no_finding W=1
	check "$CC builds the tests" env ABIS="${ABIS%% *}" USERCFLAGS=-O2 "$HARNESS/programs.sh"
done
# sparse runs next to the compiler; the first one will do.
CC=$1
. "$HARNESS/kernel-lib.sh"
# shellcheck disable=SC2086 # words for make
check "sparse sees a planted fault" \
	finds_planted 'dereference of noderef' sparse.h ${SPARSE% *} "${SPARSE#* } -include $work/sparse.h"
# shellcheck disable=SC2086 # words for make
check "sparse has no finding" has_no_finding $SPARSE
check "Coccinelle sees a planted fault" finds_planted_cocci
# shellcheck disable=SC2086 # names without spaces
check "the tree's Coccinelle scripts have no finding" cocci_all $sources $headers
check "kernel-doc sees a planted fault" finds_planted_doc
# shellcheck disable=SC2086 # names without spaces
check "kernel-doc has no finding" kernel_doc $sources $headers
exit $failed
