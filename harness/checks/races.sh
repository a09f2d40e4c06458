#!/bin/sh
# The judge of KCSAN's reports: does it see a data race of the series, and pass
# over those of others without losing what a test printed in between?
set -eu
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

report()
{
	printf '%s\n' 'BUG: KCSAN: data-race in a / b' " $1+0x1/0x2" 'ok 1 a test' ====
}

# judge FUNCTION: what is left of a race in it.
judge()
{
	report "$1" | awk -v functions='ours also_ours' -f "$HARNESS/kcsan.awk"
}

leaves_own()
{
	report ours.isra.0 >"$work/expected"
	judge ours.isra.0 | cmp - "$work/expected"
}

passes_over_others()
{
	report theirs | sed 1d >"$work/expected"
	judge theirs | cmp - "$work/expected"
}

check "a data race of the series is seen" leaves_own
check "a data race of others is passed over" passes_over_others
exit $failed
