#!/bin/sh
# Draw the pictures that series/bench/pictures lists, as SVG and PNG, beside the
# figures.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/bench-lib.sh"

pictures=$SERIES/series/bench/pictures

# draw NAME KIND TERMINAL: a picture without figures is not drawn.
draw()
{
	awk -v picture="$1" -v terminal="$3" -v target="$FIGURES/$1.$2" \
		-f "$HARNESS/bench-figures.awk" -f "$HARNESS/bench-plot.awk" \
		"$FIGURES"/*.csv "$pictures" | gnuplot
}

command -v gnuplot >/dev/null || die "gnuplot: expected in PATH (package gnuplot-nox)"
sed -n 's/^== [^ ]* \([^ ]*\) .*/\1/p' "$pictures" | while read -r name; do
	draw "$name" svg "svg noenhanced size 900,480 background rgb 'white'"
	draw "$name" png "pngcairo noenhanced size 900,480"
done
