#!/bin/sh
# Did the fuzzer reach enough basic blocks of the series' files? For a kernel with
# KCOV, after "guest.sh on fuzz" with FUZZ_BLOCKS=1. Code from headers, such as the
# assertions of lockdep, does not count.
#
#   blocks.sh PERCENT	at least
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

log=$BUILD/log/guest-$LABEL-on-ktap-fuzz.log
make_work

# Only the objects of the series call KCOV, which records the return address.
built()
{
	objdump -d --no-show-raw-insn "$OUT/vmlinux" |
		awk '/>:$/ { ours = !/<_sub_/ }
			found { sub(/:$/, "", $1); print $1; found = 0 }
			/call .*<__sanitizer_cov_trace_pc>$/ { found = ours }' | sort -u
}

reached()
{
	tr -d '\r' <"$log" | sed -n 's/^.*# block \([0-9a-f]*\)$/\1/p' | sort -u
}

# Addresses in files of the series, each with its line.
own()
{
	addr2line -a -i -e "$OUT/vmlinux" | sed "s,^.*/$LABEL/../,,; s/ .*//" |
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
	[ "$all" -gt 0 ] && [ $((100 * hit)) -ge $((all * $1)) ]
}

built | own >"$work/built"
reached | own >"$work/reached"
all=$(wc -l <"$work/built")
hit=$(comm -12 "$work/reached" "$work/built" | wc -l)
missed
say "# $hit of $all basic blocks reached"
check "the fuzzer reaches $1 % of the basic blocks" enough "$1"
exit $failed
