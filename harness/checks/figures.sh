#!/bin/sh
# Measure again what proof/bench/guard lists: no figure may be higher than the
# one in proof/bench by more than the percentage there. The guest's clock counts
# instructions, so the load of the machine does not matter.
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"
one_series

bench=$SERIES/proof/bench
console=$BUILD/log/figures-$LABEL.log

# measure CLOCK ABI PROGRAM...
measure()
{
	options=$(clock_options "$1") abi=$2 program=$3
	shift 3
	QEMU_OPTIONS=$options "$HARNESS/boot.sh" on "${LIMIT:-300}" \
		"/tests/$abi/$program" "$@" >"$console" 2>&1
	tr -d '\r' <"$console" | sed -n 's/^csv //p' >"$work/new"
}

[ -f "$bench/guard" ] || die "proof/bench/guard: expected a table of what to hold"
make_work

"$HARNESS/guest.sh" on
while read -r table clock abi percent command; do
	case $table in '#'* | '') continue ;; esac
	: >"$work/new"
	# shellcheck disable=SC2086 # a command and its words
	check "measured: $command" measure "$clock" "$abi" $command </dev/null
	"$HARNESS/bench.py" hold "$bench" "$table" "$percent" "$work/new" || failed=1
done <"$bench/guard"
exit "$failed"
