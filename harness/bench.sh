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
		{ if ($2 == "own") $2 = config; print }' "$SERIES/series/bench/runs"
}

# has_abi CONFIG ABI: in a shell of its own, as kernel-lib.sh is for one CONFIG.
# shellcheck disable=SC2030,SC2031
has_abi()
(
	CONFIG=$1
	. "$HARNESS/kernel-lib.sh"
	runs_abi "$2"
)

# boot_run CONFIG MACHINE ABI LIMIT PROGRAM...
boot_run()
{
	config=$1 abi=$3 limit=$4 program=$5
	machine=$(lookup "$HARNESS/machines" "$2")
	shift 5
	CONFIG=$config QEMU_OPTIONS=$machine \
		"$HARNESS/boot.sh" on "$limit" "/tests/$abi/$program" "$@"
}

# run TABLE CONFIG MACHINE ABI LIMIT PROGRAM...
run()
{
	table=$1
	shift
	if ! has_abi "$1" "$3"; then
		say "bench $table: $1 does not run $3 programs; left out: $*"
		return
	fi
	label="bench $table:"
	step "$label $(say "$*" | cut -d ' ' -f 3,5-)" "bench-$table" boot_run "$@"
	tr -d '\r' <"$BUILD/log/bench-$table.log" |
		sed -n 's/^csv //p' >>"$work/$table.csv"
}

[ -f "$SERIES/series/bench/runs" ] || die "series/bench/runs: expected a table of what to measure"
work=$(mktemp -d "$BUILD/.bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

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
	sed '1s/^/n,way,abi,value\n/' "$csv" >"$FIGURES/$(basename "$csv")"
done
"$HARNESS/bench-plot.sh"
"$HARNESS/bench-report.sh"
say "figures: $FIGURES; to make them those of the documents: $HARNESS/bench-accept.sh"
