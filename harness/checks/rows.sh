#!/bin/sh
# The counter of checks: does it see what fails, and wait where a table says so?
set -eu
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
mkdir "$work/checks"
cp "$HARNESS/lib.sh" "$HARNESS/check.sh" "$HARNESS/check-rows.sh" "$work/"

# script NAME: a check that does what stands in the standard input.
script()
{
	{ say '#!/bin/sh' && cat; } >"$work/checks/$1.sh"
	chmod +x "$work/checks/$1.sh"
}

# counts RESULT ROW...: what a table of these rows comes to in the last line.
counts()
{
	wanted=$1
	shift
	printf '%b\n' "$@" >"$work/table"
	HARNESS=$work SERIES=$SERIES BUILD=$work/build JOBS=2 "$work/check.sh" "$work/table" >"$work/output" || :
	tail -n 1 "$work/output" | grep -qx "$wanted"
}

say "echo ok one; echo \$1 >>$work/order" | script passes
say "sleep 1; echo ok late; echo \$1 >>$work/order" | script late
say 'echo not ok two; exit 1' | script fails
say 'echo ok three; exit 2' | script ends_badly
say : | script says_nothing

waits()
{
	: >"$work/order"
	counts '3 passed, 0 failed' 'A=1\tlate a' 'A=2\tpasses b' --- 'A=3\tpasses c' &&
		[ "$(tail -n 1 "$work/order")" = c ]
}

keeps_order()
{
	: >"$work/order"
	counts '2 passed, 0 failed' 'A=1\tlate a' 'A=1\tpasses b' &&
		[ "$(tr '\n' ' ' <"$work/order")" = 'a b ' ]
}

check "rows that pass are counted" counts '2 passed, 0 failed' 'A=1\tpasses' 'A=2\tpasses'
check "a row that fails is counted" counts '1 passed, 2 failed' 'A=1\tpasses' 'A=1\tfails'
check "a row that ends badly is counted" counts '1 passed, 1 failed' 'A=1\tends_badly'
check "rows that say nothing are a failure" counts '0 passed, 1 failed' 'A=1\tsays_nothing'
check "a line waits for what is above it" waits
check "rows of one kernel keep their order" keeps_order
exit $failed
