#!/bin/sh
# The system call tables of BASE: run the kernel's generators by each architecture's
# own Makefiles, and compare what they generate for the series' lines with
# series/tables. No compiler is needed.
set -eu
. "$(dirname "$0")/../lib.sh"
one_series

expected=$SERIES/series/tables
make_work

# With the variables of the top Makefile. x86 generates the tables of the ABIs that
# are configured.
kbuild()
{
	makefile=$TREE/scripts/$1
	shift
	MAKEFLAGS='' make -s -C "$work/$arch" srctree="$TREE" srcroot="$TREE" VPATH="$TREE" \
		objtree=. ARCH="$arch" SRCARCH="$arch" CONFIG_SHELL=sh AWK=awk Q=@ quiet=silent_ \
		CONFIG_X86_64=y CONFIG_X86_X32_ABI=y -f "$makefile" \
		need-modorder='' need-builtin='' "$@"
}

# The directories of an architecture whose Makefile has a table of its own.
table_dirs()
{
	cd "$TREE" && find "arch/$arch" -name 'syscall*.tbl' -exec dirname {} + | sort -u |
		while read -r dir; do
			! grep -q 'syscall.*\.tbl' "$dir/Makefile" 2>/dev/null || say "$dir"
		done
}

generate()
{
	mkdir -p "$work/$arch"
	for dir in $(table_dirs); do
		# shellcheck disable=SC2046 # a list of targets
		kbuild Makefile.build obj="$dir" \
			$(sed -n '/FORCE/d; s/^PHONY += *//p' "$TREE/$dir/Makefile")
	done
	kbuild Makefile.asm-headers generic=include/asm-generic \
		obj="arch/$arch/include/generated/asm"
	kbuild Makefile.asm-headers generic=include/uapi/asm-generic \
		obj="arch/$arch/include/generated/uapi/asm"
}

# FILE NUMBER in a header of numbers, FILE NUMBER ENTRY [COMPAT] in a table.
generated_lines()
{
	cd "$work/$arch/arch/$arch/include/generated" &&
		grep -rw --exclude='.*' -e "__NR_[a-z0-9]*_*$NAME" -e "\(compat_\)*sys_$NAME" . |
		sed 's,^\./,,; s/:#define __NR_[a-z0-9_]*/ /; s/:[A-Z_]*(/ /; s/[(),+]/ /g' |
			awk '{ $1 = $1; print }' | sort
}

# The lines of this release, with its numbers for those of the stable base.
expected_lines()
{
	while read -r release name line; do
		# shellcheck disable=SC2254 # a pattern
		case $here in
		$release) [ "$name" != "$arch" ] || say "$line" ;;
		esac
	done <"$expected" | awk -v delta="$delta" '{
		$1 = $1
		for (i = 2; i <= NF; i++)
			if ($i ~ /^[0-9]+$/)
				$i += delta
		print
	}' | sort
}

agrees()
{
	generate
	expected_lines >"$work/expected"
	generated_lines >"$work/generated" || :
	diff -u "$work/expected" "$work/generated"
}

number_in()
{
	awk -v name="$NAME" '$3 == name { print $1 }' "$1"
}

all_have_it()
{
	find "$TREE/arch" "$TREE/scripts" -name 'syscall*.tbl' \
		-exec grep -L "[[:space:]]${NAME}[[:space:]]" {} + | tee "$work/without"
	[ ! -s "$work/without" ]
}

[ -f "$expected" ] || die "$expected: expected a table of what the generators make"
"$HARNESS/tree.sh"
here=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p' "$TREE/Makefile" | paste -s -d .)
delta=$(($(number_in "$TREE/scripts/syscall.tbl") - $(number_in "$SERIES/scripts/syscall.tbl")))
check "$here: every system call table has the call" all_have_it
for dir in "$TREE"/arch/*/include; do
	arch=$(basename "$(dirname "$dir")")
	check "$here: the tables of $arch give the numbers and entries of series/tables" agrees
done
exit $failed
