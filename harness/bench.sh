#!/bin/sh
# Measure: boot what proof/bench/runs lists, keep the figures in build/bench, and
# report them. With another CONFIG, build/bench/CONFIG.
#
#   bench.sh [TABLE...]	only what goes to these tables
#   bench.sh accept	make those of build/bench the figures of proof/bench and the documents
#
# A program in the guest prints a line "csv N,METHOD,ABI,FIGURE" for each figure.
set -eu
. "$(dirname "$0")/lib.sh"
one_series
. "$HARNESS/kernel-lib.sh"

bench=$SERIES/proof/bench
figures=$BUILD/bench
[ "$CONFIG" = tiny ] || figures=$BUILD/bench/$CONFIG

# The lines of the table of runs that are asked for. What has a configuration of
# its own is measured with the default CONFIG only.
wanted_runs()
{
	awk -v config="$CONFIG" -v tables="$*" '
		BEGIN { n = split(tables, list); for (i = 1; i <= n; i++) asked[list[i]] = 1 }
		/^(#|$)/ { next }
		n && !($1 in asked) { next }
		$2 != "own" && config != "tiny" { next }
		{ $2 = $2 == "own" ? config : $2; print }' "$bench/runs"
}

# boot CONFIG CLOCK ABI LIMIT PROGRAM...
boot()
{
	config=$1 options=$(clock_options "$2") program=/tests/$3/$5 limit=$4
	shift 5
	CONFIG=$config QEMU_OPTIONS=$options "$HARNESS/boot.sh" on "$limit" "$program" "$@"
}

# In a shell of its own, as kernel-lib.sh is for one CONFIG.
# shellcheck disable=SC2030,SC2031
has_abi()
(
	CONFIG=$1
	. "$HARNESS/kernel-lib.sh"
	runs_abi "$2"
)

# run TABLE CONFIG CLOCK ABI LIMIT PROGRAM...: after a failure, the other runs
# are still worth having.
run()
{
	table=$1 what="$4 $(say "$*" | cut -d ' ' -f 6-)"
	shift
	if ! has_abi "$1" "$3"; then
		say "bench $table: CONFIG=$1 does not run it; left out: $what"
	elif step "bench $table: $what" "bench-$table" boot "$@"; then
		tr -d '\r' <"$BUILD/log/bench-$table.log" |
			sed -n 's/^csv //p' >>"$work/$table.csv"
	else
		say "bench $table: NOT MEASURED: $what"
		failed=1
	fi
}

[ -f "$bench/runs" ] || die "proof/bench/runs: expected a table of what to measure"
if [ "${1:-}" = accept ]; then
	exec "$HARNESS/bench.py" accept "$bench" "$BUILD/bench"
fi
command -v gnuplot >/dev/null || die "gnuplot: expected in PATH (package gnuplot-nox)"
make_work

wanted_runs "$@" >"$work/runs"
[ -s "$work/runs" ] || die "proof/bench/runs: no line for: $*"
configs=$(cut -d " " -f 2 "$work/runs" | sort -u)
for config in $configs; do
	CONFIG=$config "$HARNESS/guest.sh" on </dev/null
done
while read -r line; do
	# shellcheck disable=SC2086 # the words of the line
	run $line </dev/null
done <"$work/runs"

mkdir -p "$figures"
for csv in "$work"/*.csv; do
	[ -f "$csv" ] || die "nothing was measured; see $BUILD/log"
	sed '1s/^/n,way,abi,value\n/' "$csv" >"$figures/$(basename "$csv")"
done
"$HARNESS/bench.py" plot "$bench" "$figures"
"$HARNESS/bench.py" report "$bench" "$figures"
say "figures: $figures; make bench-accept copies them to proof/bench and the documents"
exit $failed
