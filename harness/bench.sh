#!/bin/sh
# Measure: boot what series/bench/runs lists, keep the figures in build/bench
# (of another CONFIG in a directory of that name there), and show them.
#
#   bench.sh [TABLE...]	only what goes to these tables
#
# In the guest, a program prints a line "csv N,WAY,ABI,FIGURE" for each figure.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/bench-lib.sh"

# The lines of the table of runs that are asked for. What is measured with a
# configuration of its own says nothing of another CONFIG.
wanted_runs()
{
	awk -v config="$CONFIG" -v tables="$*" '
		BEGIN { n = split(tables, list); for (i = 1; i <= n; i++) asked[list[i]] = 1 }
		/^(#|$)/ { next }
		n && !($1 in asked) { next }
		$2 != "own" && config != "tiny" { next }
		{ $2 = $2 == "own" ? config : $2; print }' "$SERIES/series/bench/runs"
}

# has_abi CONFIG ABI: in a shell of its own, as kernel-lib.sh is for one CONFIG.
# shellcheck disable=SC2030,SC2031
has_abi()
(
	CONFIG=$1
	. "$HARNESS/kernel-lib.sh"
	runs_abi "$2"
)

# boot CONFIG QEMU_OPTIONS ABI LIMIT PROGRAM...
boot()
{
	config=$1 options=$2 abi=$3 limit=$4 program=$5
	shift 5
	CONFIG=$config QEMU_OPTIONS=$options \
		"$HARNESS/boot.sh" on "$limit" "/tests/$abi/$program" "$@"
}

# run TABLE CONFIG MACHINE ABI LIMIT PROGRAM...: a run that fails leaves its
# figures out, and the others are still worth having.
run()
{
	table=$1 config=$2 abi=$4
	options=$(lookup "$HARNESS/machines" "$3")
	shift 4
	if ! has_abi "$config" "$abi"; then
		say "bench $table: $config does not run $abi programs; left out: $*"
		return
	fi
	what=$(say "$*" | cut -d ' ' -f 2-)
	if step "bench $table: $abi $what" "bench-$table" \
		boot "$config" "$options" "$abi" "$@"; then
		tr -d '\r' <"$BUILD/log/bench-$table.log" |
			sed -n 's/^csv //p' >>"$work/$table.csv"
	else
		say "bench $table: NOT MEASURED: $what"
		failed=1
	fi
}

[ -f "$SERIES/series/bench/runs" ] || die "series/bench/runs: expected a table of what to measure"
work=$(mktemp -d "$BUILD/.bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

failed=0
wanted_runs "$@" >"$work/runs"
[ -s "$work/runs" ] || die "series/bench/runs: no line for: $*"
cut -d ' ' -f 2 "$work/runs" | sort -u >"$work/configs"
while read -r config; do
	CONFIG=$config "$HARNESS/guest.sh" on </dev/null
done <"$work/configs"
while read -r line; do
	# shellcheck disable=SC2086 # the words of the line
	run $line </dev/null
done <"$work/runs"

mkdir -p "$FIGURES"
for csv in "$work"/*.csv; do
	[ -f "$csv" ] || die "nothing was measured; see $BUILD/log"
	sed '1s/^/n,way,abi,value\n/' "$csv" >"$FIGURES/$(basename "$csv")"
done
"$HARNESS/bench-plot.sh"
"$HARNESS/bench-report.sh"
say "figures: $FIGURES; to make them those of the documents: harness/bench-accept.sh"
exit $failed
