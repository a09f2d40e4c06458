#!/bin/sh
# The backtraces of make gdb have the frames that lead to the system call, on each ABI.
#
#   gdb.sh [NAME...]	the calls of these series, by default all
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

# What programs of an ABI enter the kernel through; the table of system calls with the
# entry points behind it, what lines for the ABI have in it, and the prefix of them
entries="
m64	entry_SYSCALL_64 do_syscall_64		syscall_64.tbl	common|64	__x64_
m32	entry_SYSCALL_compat do_fast_syscall_32	syscall_32.tbl	i386		__ia32_
mx32	entry_SYSCALL_64 do_syscall_64		syscall_64.tbl	common|x32	__x64_"

# entry_point NAME TABLE ABIS PREFIX
entry_point()
{
	awk -v name="$1" -v abis="^($3)\$" -v prefix="$4" '
		$2 ~ abis && $3 == name { print prefix $NF; found = 1 }
		END { exit !found }' "$KERNEL_TREE/arch/x86/entry/syscalls/$2" ||
		die "$2: expected a line for $1"
}

# The helper of all entry points, if the series has one
helper()
{
	for file in $(added_files c); do
		grep -o "\<ksys_$1\>" "$KERNEL_TREE/$file"
	done | sort -u
}

# frames NAME ABI: the expected ones, the outermost first
frames()
{
	# shellcheck disable=SC2046 # the words of the line
	set -- "$1" $(say "$entries" | grep "^$2[[:space:]]")
	point=$(entry_point "$1" "$5" "$6" "$7")
	say "$3" "$4" "$point" "$(helper "$1")" | tr -s ' ' '\n'
}

# has_frames FRAMES: in this order, whatever is between them
has_frames()
{
	cat "$work/backtrace"
	say "expected, from the end:" "$1"
	found=$(sed -n 's/^#[0-9]* *\(0x[0-9a-f]* in \)\{0,1\}\([[:alnum:]_]*\) (.*/\2/p' \
		"$work/backtrace" | tac | grep -Fx "$1")
	[ "$found" = "$1" ]
}

lacks_planted_frame()
{
	! has_frames "$1
planted"
}

"$HARNESS/guest.sh"
make_work
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $NAMES
for call; do
	for abi in $ABIS; do
		ABIS=$abi "$HARNESS/gdb.sh" "$call" >"$work/backtrace" 2>&1 </dev/null || :
		frames=$(frames "$call" "$abi")
		check "gdb: $call, $abi: $(say "$frames" | paste -s -d ' ')" has_frames "$frames"
		check "gdb: $call, $abi: a missing frame is noticed" lacks_planted_frame "$frames"
	done
done
exit $failed
