# Common to the checks; to be sourced. A check goes on after a failure.
# shellcheck shell=sh
# shellcheck disable=SC2034 # used by those who source it

# Where lib.sh of the harness finds itself.
HARNESS=$(cd "$(dirname "$0")/.." && pwd)
. "$HARNESS/lib.sh"

failed=0

# check NAME COMMAND...: what the command prints is shown only if it fails.
check()
{
	name=$1
	shift
	set +e
	output=$(
		set -e
		"$@" 2>&1
	)
	status=$?
	set -e
	if [ "$status" -eq 0 ]; then
		say "ok $name"
	else
		say "$output" | tail -n 40 | sed 's/^/# /'
		say "not ok $name"
		failed=1
	fi
}
