#!/bin/sh
# Which basic blocks of the series' files did the fuzzer reach? Of a kernel that is
# built with KCOV, after "guest.sh on fuzz" with FUZZ_BLOCKS=1. What these files
# take from headers, such as the assertions of lockdep, does not count.
#
#   blocks.sh PERCENT	so many at least
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

log=$BUILD/log/guest-$LABEL-on-ktap${NAME}_fuzz_test.log
make_work

# Nobody but the objects of the series tells KCOV; it is told where it returns to.
built()
{
	objdump -d --no-show-raw-insn "$OUT/vmlinux" |
		awk '/>:$/ { ours = !/<_sub_/ }
			told { sub(/:$/, "", $1); print $1; told = 0 }
			/call .*<__sanitizer_cov_trace_pc>$/ { told = ours }' | sort -u
}

reached()
{
	tr -d '\r' <"$log" | sed -n 's/^.*# block \([0-9a-f]*\)$/\1/p' | sort -u
}

# Addresses in files of the series, each with its line.
own()
{
	addr2line -a -i -e "$OUT/vmlinux" | sed "s,^$TREE/,,; s/ .*//" |
		awk -v files=" $(added_files c | tr '\n' ' ')" '
			/^0x/ { address = $0; next }
			address && index(files, " " substr($0, 1, index($0, ":") - 1) " ") {
				print address, $0
			}
			{ address = "" }' | sort
}

missed()
{
	comm -13 "$work/reached" "$work/built" | cut -d ' ' -f 2 |
		sort -t : -k 2n -u | sed 's/^/# not reached: /'
}

enough()
{
	[ "$all" -gt 0 ] && [ $((100 * of_those)) -ge $((all * $1)) ]
}

built | own >"$work/built"
reached | own >"$work/reached"
all=$(wc -l <"$work/built")
of_those=$(comm -12 "$work/reached" "$work/built" | wc -l)
missed
say "# $of_those of $all basic blocks reached"
check "the fuzzer reaches $1 % of the basic blocks" enough "$1"
exit $failed
