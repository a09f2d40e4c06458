#!/bin/sh
# Print the figures that bench.sh has measured: the tables, and the targets.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/bench-lib.sh"

[ -n "$(find "$FIGURES" -maxdepth 1 -name '*.csv' 2>/dev/null)" ] ||
	die "$FIGURES: no figures; make bench measures them"
say ''
tables "$SERIES/series/bench/rows"
say ''
awk -f "$HARNESS/bench-figures.awk" -f "$HARNESS/bench-targets.awk" \
	"$FIGURES"/*.csv "$SERIES/series/bench/targets"
say ''
