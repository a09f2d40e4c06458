#!/bin/sh
# Check everything that must hold, and count: the scripts in checks/ that the
# table lists print a line "ok NAME" or "not ok NAME" for each thing.
#
#   check.sh TABLE
#
# Rows of one kernel (CONFIG, ARCH, BASE, CC) go one after another, as many of
# these groups at a time as there are processors: a guest keeps just one busy.
# PART=NAME, which no script knows, puts rows in a group of their own. A line
# "---" waits for what is above it. The last line is "N passed, N failed".
set -eu
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d "$BUILD/.check.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
results=$BUILD/log/check.results
begin=$(date +%s)

# Files PHASE.GROUP of rows.
split_table()
{
	awk -v work="$work/" 'BEGIN { phase = 10 }
		/^---/ { phase++ }
		!/^[^#-]/ { next }
		{
			kernel = phase "," $1
			gsub(/,(LIMIT|GUEST)=[^,]*/, "", kernel)
			if (!(kernel in file))
				file[kernel] = work phase "." 100 + n++
			print >file[kernel]
		}' "$1"
}

run_phase()
{
	printf '%s\n' "$work/$1".??? | xargs -n 1 -P "$JOBS" "$HARNESS/check-rows.sh"
}

split_table "$1"
for phase in $(find "$work" -type f | sed 's,.*/,,; s/\..*//' | sort -u); do
	run_phase "$phase"
done
cat "$work"/*.results >"$results"

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
