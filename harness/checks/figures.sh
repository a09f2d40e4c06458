#!/bin/sh
# Measure anew what series/bench/guard lists: no figure may have risen by more
# than it says over the one in series/bench. The guest's clock counts
# instructions, so that this is no test of time.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

guard=$SERIES/series/bench/guard
console=$BUILD/log/figures-$LABEL.log

# measure MACHINE ABI PROGRAM...
measure()
{
	machine=$(lookup "$HARNESS/machines" "$1")
	abi=$2 program=$3
	shift 3
	QEMU_OPTIONS=$machine "$HARNESS/boot.sh" on "${LIMIT:-300}" \
		"/tests/$abi/$program" "$@" >"$console" 2>&1
	tr -d '\r' <"$console" | sed -n 's/^csv //p' >"$work/new"
}

[ -f "$guard" ] || die "$guard: expected a table of what to hold"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

"$HARNESS/guest.sh" on
while read -r table machine abi percent command; do
	case $table in '#'* | '') continue ;; esac
	[ -f "$SERIES/series/bench/$table.csv" ] ||
		die "series/bench/$table.csv: expected figures; make bench measures them"
	: >"$work/new"
	# shellcheck disable=SC2086 # a command and its words
	check "measured: $command" measure "$machine" "$abi" $command </dev/null
	awk -v table="$table" -v percent="$percent" -f "$HARNESS/bench-hold.awk" \
		"$SERIES/series/bench/$table.csv" "$work/new" || failed=1
done <"$guard"
exit "$failed"
