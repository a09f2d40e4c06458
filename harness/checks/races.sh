#!/bin/sh
# The judge of KCSAN's reports: does it see a data race of the series, and pass
# over those of others without losing what a test printed in between?
set -eu
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

# report TITLE FUNCTION: a race, as its title has it, with one in a stack.
report()
{
	printf '%s\n' "BUG: KCSAN: data-race in $1" " $2+0x1/0x2" 'ok 1 a test' ====
}

# judge TITLE FUNCTION: what is left of that.
judge()
{
	report "$@" | awk -v functions='ours also_ours ' -f "$HARNESS/kcsan.awk"
}

leaves_own()
{
	report "$@" >"$work/expected"
	judge "$@" | cmp - "$work/expected"
}

passes_over_others()
{
	report "$@" | sed 1d >"$work/expected"
	judge "$@" | cmp - "$work/expected"
}

check "a data race of the series is seen" leaves_own 'a / b' ours.isra.0
check "also by its title alone" leaves_own 'theirs / also_ours' theirs
check "also by its title alone, of unknown origin" leaves_own 'ours+0x1/0x2' theirs
check "one of others of unknown origin is passed over" passes_over_others 'theirs+0x1/0x2' theirs
check "a data race of others is passed over" passes_over_others 'not_ours / ours_not' theirs
exit $failed
