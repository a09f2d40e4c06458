#!/bin/sh
# Make the patches: for the stable base into patches/, for another tree below
# build/.
set -eu
. "$(dirname "$0")/lib.sh"

if [ -z "$LINUX" ] && [ "$BASE" = "$STABLE_BASE" ]; then
	out=$SERIES/patches
	"$HARNESS/base.sh"
	"$HARNESS/series.sh" commits "$TREE" "$out"
	"$HARNESS/series.sh" commits.man-pages "" "$out/man-pages"
	cat "$TREE/.git/harness-version" >"$SERIES/series/made-for"
elif [ -n "$LINUX" ]; then
	out=$BUILD/patches-$TREE_NAME
	"$HARNESS/series.sh" commits "$LINUX" "$out"
else
	out=$BUILD/patches-$BASE
	"$HARNESS/base.sh"
	"$HARNESS/series.sh" commits "$TREE" "$out"
fi
say "patches: $out"
