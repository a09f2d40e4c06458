#!/bin/sh
# The C files that the series adds to the kernel or changes compile without a warning,
# as far as CONFIG has them, with the option on and off.
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

# Make would compile an object whose option is not set, too.
is_configured()
{
	option=$(sed -n "s/.*\$(\(CONFIG_[A-Z0-9_]*\)).*[[:space:]]${1##*/}\>.*/\1/p" \
		"$TREE/${1%/*}/Makefile")
	[ -z "$option" ] || has_option "$option"
}

compile()
{
	"$HARNESS/kernel.sh" "$1" prepare
	for object in $all_objects; do
		! is_configured "$object" || say "$object"
	done >"$work/objects"
	(cd "$OUT" && xargs rm -f) <"$work/objects"
	# shellcheck disable=SC2046 # words for make
	"$HARNESS/kernel.sh" "$1" $(cat "$work/objects")
	! grep -n -i -e 'warning:' -e 'error:' "$BUILD/log/make-$LABEL-$1.log"
}

has_objects()
{
	added_files c | sed "s,^,$OUT/,; s/c\$/o/" | xargs ls
}

"$HARNESS/tree.sh"
make_work
all_objects=$(git -C "$TREE" diff --no-renames --diff-filter=d --name-only \
	"$BASE_REF..$BRANCH" -- '*.c' ':!tools' | sed 's/c$/o/')
for state in off on; do
	check "$LABEL: compiles with $OPTIONS $state" compile $state
done
check "$LABEL: what the series adds is compiled" has_objects
exit $failed
