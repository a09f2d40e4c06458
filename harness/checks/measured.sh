#!/bin/sh
# Blocks of documents that a guest generates: each one that series/measured lists
# has to be what the guest of BASE, CONFIG and ARCH prints now.
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"
one_series

limit=${LIMIT:-300}
list=$SERIES/series/measured

# block FILE NAME: the lines from "NAME: begin" to "NAME: end".
block()
{
	tr -d '\r' <"$1" | sed -n "/$2: begin\$/,/$2: end\$/p"
}

# measure DOCUMENT BLOCK PROGRAM [ARGUMENT...]
measure()
{
	document=$SERIES/$1 name=$2 program=$3
	console=$BUILD/log/measured-$LABEL-$program.log
	shift 3
	"$HARNESS/boot.sh" on "$limit" "/tests/${ABIS%% *}/$program" "$@" >"$console" 2>&1 ||
		{ tail -n 30 "$console"; return 1; }
	block "$document" "$name" >"$work/document"
	block "$console" "$name" >"$work/guest"
	[ -s "$work/guest" ] || { say "$console: expected a line '$name: begin'"; return 1; }
	diff -u "$work/document" "$work/guest" ||
		{ say "$document: expected the block '$name' to be that of $console"; return 1; }
}

[ -f "$list" ] || exit 0
make_work
"$HARNESS/guest.sh" on
sed '/^#/d' "$list" >"$work/list"
while read -r document name command; do
	# shellcheck disable=SC2086 # a command and its words
	check "$document holds what $LABEL measures" measure "$document" "$name" $command
done <"$work/list"
exit $failed
