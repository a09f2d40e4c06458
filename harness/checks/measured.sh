#!/bin/sh
# Blocks of documents that guests generate: each one that a series/measured lists has
# to be what the guests of BASE, CONFIG and ARCH print now.
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

limit=${LIMIT:-300}

# block FILE NAME: the lines from "NAME: begin" to "NAME: end".
block()
{
	tr -d '\r' <"$1" | sed -n "/$2: begin\$/,/$2: end\$/p"
}

# Where a line of the first file ends in "?", that of the second one
fill_in()
{
	awk 'FNR == NR { line[FNR] = $0; next } line[FNR] !~ /[?]$/ { $0 = line[FNR] } 1' "$1" "$2"
}

# run BLOCK GUEST PROGRAM [ARGUMENT...]: add to the file guest
run()
{
	name=$1 guest=$2 program=$3
	console=$BUILD/log/measured-$LABEL-$program-$guest.log
	shift 3
	GUEST=${guest#-} "$HARNESS/boot.sh" on "$limit" "/tests/${ABIS%% *}/$program" "$@" \
		>"$console" 2>&1 </dev/null || { tail -n 30 "$console"; return 1; }
	block "$console" "$name" >"$work/block"
	[ -s "$work/block" ] || { say "$console: expected a line '$name: begin'"; return 1; }
	[ -s "$work/guest" ] || cp "$work/block" "$work/guest"
	fill_in "$work/guest" "$work/block" >"$work/filled"
	mv "$work/filled" "$work/guest"
}

# measure DOCUMENT BLOCK
measure()
{
	rm -f "$work/guest"
	while read -r document block guest command; do
		[ "$document $block" = "$1 $2" ] || continue
		# shellcheck disable=SC2086 # a command and its words
		run "$block" "$guest" $command || return 1
	done <"$work/list"
	block "$dir/$1" "$2" >"$work/document"
	diff -u "$work/document" "$work/guest" || {
		say "$1: expected the block '$2' to be that of $BUILD/log/measured-$LABEL-*"
		return 1
	}
}

make_work
"$HARNESS/guest.sh" on
for dir in $(series_dirs); do
	sed '/^#/d' "$dir/series/measured" 2>/dev/null >"$work/list" || continue
	cut -f 1,2 "$work/list" | sort -u >"$work/blocks"
	while read -r document name; do
		check "$document holds the block '$name' that $LABEL measures" \
			measure "$document" "$name"
	done <"$work/blocks"
done
exit $failed
