#!/bin/sh
# Make the figures that bench.sh has measured those of the series: copy them and
# their pictures to series/bench, and put the summary into the documents. Of
# another CONFIG, the table icount stands beside them as a table of that name.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/bench-lib.sh"

bench=$SERIES/series/bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

# Replace the old summary, with its indentation, by the new one.
replace()
{
	awk -v summary="$work/summary" -v first="$(head -n 1 "$work/summary" | sed 's/  .*//')" '
		!done && (at = index($0, first)) && substr($0, 1, at - 1) ~ /^ *$/ {
			indent = substr($0, 1, at - 1)
			while ((getline line < summary) > 0)
				print line == "" ? "" : indent line
			done = inside = 1
		}
		!inside { print }
		inside && /^ *\(make bench/ { inside = 0 }
		END { exit !done || inside }' "$1" ||
		die "$1: expected the summary's first line, and one that starts with '(make bench'"
}

[ -f "$FIGURES/icount.csv" ] || die "$FIGURES/icount.csv: expected figures; make bench measures them"
if [ "$CONFIG" = tiny ]; then
	cp "$FIGURES"/*.csv "$FIGURES"/*.svg "$bench/"
else
	cp "$FIGURES/icount.csv" "$bench/$CONFIG.csv"
fi
say "figures: $bench"

FIGURES=$bench
{
	tables "$bench/summary"
	say "(make bench; QEMU -icount shift=0)"
} >"$work/summary"
while read -r document; do
	case $document in '#'* | '') continue ;; esac
	replace "$SERIES/$document" >"$work/document"
	cat "$work/document" >"$SERIES/$document"
	say "summary: $document"
done <"$bench/documents"
