#!/bin/sh
# The calls of new/cases, all of them on one tree: each has a number of its own, W=1
# and sparse have no finding in them, and their tests pass on every ABI.
set -eu
. "$(dirname "$0")/../lib.sh"

SERIES=$("$HARNESS/checks/new.py" generate "$BUILD/new/$BASE_NAME")
. "$HARNESS/lib.sh"
. "$HARNESS/kernel-lib.sh"

# In every table that they are in.
numbers_differ()
{
	for table in scripts/syscall.tbl arch/x86/entry/syscalls/syscall_64.tbl \
		arch/x86/entry/syscalls/syscall_32.tbl include/uapi/asm-generic/unistd.h; do
		sed 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 common \1/' "$TREE/$table" |
			awk -v names=" $NAMES " 'index(names, " " $3 " ") { print $1, $3 }' |
			sort -u | tee "$work/numbers"
		[ "$(wc -l <"$work/numbers")" -eq "$count" ]
		[ "$(cut -d ' ' -f 1 "$work/numbers" | sort -u | wc -l)" -eq "$count" ]
	done
}

no_finding()
{
	log=$BUILD/log/make-$LABEL-on.log
	# shellcheck disable=SC2046,SC2086 # words for make
	"$HARNESS/kernel.sh" on W=1 $SPARSE $(added_files c | sed 's/c$/o/')
	[ "$(grep -c '^  CHECK .*kernel/' "$log")" -ge "$count" ]
	! grep '\(kernel\|linux\)/[a-z_]*\.[ch]:.*\(warning\|error\):' "$log"
}

"$HARNESS/tree.sh"
make_work
count=$(say "$NAMES" | wc -w)
check "$BASE: $count generated calls on one tree have different numbers" numbers_differ
check "$BASE: W=1 and sparse have no finding in them" no_finding
"$HARNESS/checks/guest.sh" on || failed=1
"$HARNESS/checks/guest.sh" off || failed=1
exit $failed
