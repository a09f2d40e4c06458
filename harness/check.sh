#!/bin/sh
# Check everything that must hold, and count: the scripts in checks/ that the
# table lists print a line "ok NAME" or "not ok NAME" for each thing.
#
#   check.sh TABLE
#
# The last line is "N passed, N failed". A script that ends badly counts as a
# failure, whatever it printed.
set -eu
. "$(dirname "$0")/lib.sh"

results=$BUILD/log/check.results
: >"$results"
begin=$(date +%s)

# shellcheck disable=SC2046,SC2086 # the words of the table
while read -r settings script arguments; do
	case $settings in
	'#'* | '') continue ;;
	esac
	say "== $script $arguments ($settings)"
	name="$script $arguments ($settings)"
	{
		env $(say "$settings" | tr , ' ') "$HARNESS/checks/$script.sh" $arguments </dev/null 2>&1 ||
			say "not ok $name: ended with status $?"
	} | tee -a "$results"
done <"$1"

passed=$(grep -c '^ok ' "$results" || :)
failed=$(grep -c '^not ok ' "$results" || :)
[ "$passed" -gt 0 ] || failed=$((failed + 1))
if [ "$failed" -gt 0 ]; then
	say "what failed:"
	grep '^not ok ' "$results" || :
fi
say "checked in $(($(date +%s) - begin)) s; the logs are in $BUILD/log"
say "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
