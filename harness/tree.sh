#!/bin/sh
# Apply the series to the base with git am, as branch BRANCH in TREE. Of several
# series, each one is made for the tree with those before it. A branch with work of
# the user's own is not touched.
#
#   tree.sh [show]	and print where it is
set -eu
. "$(dirname "$0")/lib.sh"

applied_ref=refs/harness/applied${TREE_NAME#"$BASE_NAME"}

# In a temporary worktree: the checkout in TREE then writes only files that differ, and
# make builds only what depends on these.
apply()
{
	only_files_of "$tip" "$patches"/*.patch
	git -C "$work/tree" am -q --committer-date-is-author-date "$patches"/*.patch
	git -C "$work/tree" update-ref "$made" HEAD
	git -C "$BASE_TREE" worktree remove --force "$work/tree"
}

# What the commits of a series are made from: if one file is missing, series.sh says so
inputs_of()
{
	say "$tip $GIT_AUTHOR_NAME $GIT_AUTHOR_EMAIL"
	{
		find "$HARNESS"/series.sh "$HARNESS"/*.py "$1/series" -type f
		named_files "$1" | sed "s,^,$1/,; s/=.*//"
	} | sort | xargs sha256sum 2>&1
}

# Put one series on the commit tip. What was made once is kept, as a ref.
add_series()
{
	made=refs/harness/made/$(inputs_of "$1" | sha256sum | cut -c -40)
	if ! git -C "$BASE_TREE" rev-parse -q --verify "$made" >/dev/null; then
		patches=$work/patches
		SERIES=$1 "$HARNESS/series.sh" commits "$BASE_TREE" "$patches" "$tip"
		step "series: git am of $1 on $version" "am-$TREE_NAME" apply
	fi
	tip=$(git -C "$BASE_TREE" rev-parse "$made")
}

# A worktree that is missing, or whose directory was removed.
add_worktree()
{
	[ ! -e "$1/.git" ] || return 0
	git -C "$BASE_TREE" worktree prune
	git -C "$BASE_TREE" worktree add -q --detach --no-checkout "$1"
	[ "$1" != "$TREE" ] || git -C "$BASE_TREE" update-ref -d "$applied_ref"
}

# The tree of the earlier version, with the objects of TREE's own repository.
check_out_old()
{
	nr=$(sed 's/#.*//; /^[[:space:]]*$/d' "${SERIES%%:*}/series/commits" |
		awk -v last="$OLD_COMMIT" '$1 == last { print NR }')
	[ -n "$nr" ] || die "OLD_COMMIT=$OLD_COMMIT: expected a commit of series/commits"
	commit=$(git -C "$TREE" rev-list --reverse "$BASE_REF..$BRANCH" | sed -n "${nr}p")
	add_worktree "$OLD_TREE"
	git -C "$OLD_TREE" checkout -q -f --detach "$commit"
}

has_own_work()
{
	[ -n "$applied" ] || return 1
	[ "$(git -C "$TREE" rev-parse HEAD)" != "$applied" ] ||
		[ -n "$(git -C "$TREE" status --porcelain -uno)" ]
}

check_out()
{
	git -C "$TREE" checkout -q -f -B "$BRANCH" "$tip"
	git -C "$TREE" update-ref "$applied_ref" "$tip"
}

"$HARNESS/base.sh"
lock "$TREE_NAME"
take_identity
export GIT_CONFIG_GLOBAL=/dev/null
make_work
version=$(cat "$BASE_TREE/.git/harness-version")
tip=$(git -C "$BASE_TREE" rev-parse "$BASE_REF")
for dir in $(series_dirs); do
	add_series "$dir"
done
add_worktree "$TREE"
applied=$(git -C "$TREE" rev-parse -q --verify "$applied_ref" || :)
! has_own_work || die "$TREE: has work of your own, or a run was killed there; push" \
	"what is yours elsewhere, then: git -C $TREE checkout -f -B $BRANCH $applied_ref"
[ "$tip" = "$applied" ] ||
	step "series: check out the branch $BRANCH" "checkout-$TREE_NAME" check_out
[ -z "${KERNEL:-}${PROGRAMS:-}" ] ||
	step "series: check out its commit $OLD_COMMIT" "checkout-$TREE_NAME-old" check_out_old
[ "${1:-}" != show ] || say "tree: $TREE, branch $BRANCH on $version"
