#!/bin/sh
# After each commit of the series the kernel builds without a warning, with the
# option on and off.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

warnings()
{
	! grep -n -i -e 'warning:' -e 'error:' "$BUILD/log/build-$LABEL-$1.log"
}

# An option that is not there yet is off.
build_step()
{
	git -C "$TREE" checkout -q -f --detach "$1"
	"$HARNESS/kernel.sh" "$2" && warnings "$2"
}

back_to_branch()
{
	git -C "$TREE" checkout -q -f "$NAME"
}

"$HARNESS/tree.sh"
trap back_to_branch EXIT
trap 'exit 1' HUP INT PIPE TERM
for commit in $(git -C "$TREE" rev-list --reverse "$BASE_REF..$NAME"); do
	title=$(git -C "$TREE" log -1 --format=%s "$commit")
	check "builds with $OPTION off after: $title" build_step "$commit" off
	check "builds with $OPTION on after: $title" build_step "$commit" on
done
exit $failed
