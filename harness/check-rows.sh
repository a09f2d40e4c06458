#!/bin/sh
# Run the rows of a table of checks, one after another; what they print goes to
# FILE.results, too.
#
#   check-rows.sh FILE
#
# A script that ends badly counts as a failure, whatever it printed.
set -eu
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2046,SC2086 # the words of the table
while read -r settings script arguments; do
	name="$script $arguments ($settings)"
	begin=$(date +%s)
	say "== $name"
	env $(say "$settings" | tr , ' ') "$HARNESS/checks/$script.sh" $arguments </dev/null 2>&1 ||
		say "not ok $name: ended with status $?"
	say "== $name: $(($(date +%s) - begin)) s"
done <"$1" | tee "$1.results"
