#!/bin/sh
# Apply the series to the base with git am, as branch NAME in TREE. A branch with
# work of the user's own is not touched.
#
#   tree.sh [show]	and print where it is
set -eu
. "$(dirname "$0")/lib.sh"

patches=$BUILD/series/$TREE_NAME
applied_ref=refs/harness/applied
made_of=$TREE/.git/harness-made-of

at_exit()
{
	git -C "$TREE" worktree remove --force "$work/tree" 2>/dev/null || :
}

# git am in a worktree of only the files concerned. The checkout afterwards then
# writes only files that have really changed, for make.
apply()
{
	make_work
	git -C "$TREE" worktree add -q --detach --no-checkout "$work/tree" "$BASE_REF"
	sed -n 's,^diff --git a/\([^ ]*\) .*,/\1,p' "$patches"/*.patch | sort -u |
		git -C "$work/tree" sparse-checkout set --no-cone --stdin
	git -C "$work/tree" checkout -q
	git -C "$work/tree" am -q --committer-date-is-author-date "$patches"/*.patch
	git -C "$TREE" update-ref $applied_ref "$(git -C "$work/tree" rev-parse HEAD)"
}

# The tree of the earlier version, with the objects of TREE's own repository.
check_out_old()
{
	nr=$(sed 's/#.*//; /^[[:space:]]*$/d' "$SERIES/series/commits" |
		awk -v last="$OLD_COMMIT" '$1 == last { print NR }')
	[ -n "$nr" ] || die "series/config: OLD_COMMIT=$OLD_COMMIT: expected a commit of series/commits"
	commit=$(git -C "$TREE" rev-list --reverse "$BASE_REF..$NAME" | sed -n "${nr}p")
	[ -d "$TREE-old" ] || git -C "$TREE" worktree add -q --detach --no-checkout "$TREE-old"
	git -C "$TREE-old" checkout -q -f --detach "$commit"
}

has_own_work()
{
	old=$(git -C "$TREE" rev-parse -q --verify $applied_ref || :)
	[ -n "$old" ] || return 1
	[ "$(git -C "$TREE" rev-parse HEAD)" != "$old" ] ||
		[ -n "$(git -C "$TREE" status --porcelain -uno)" ]
}

"$HARNESS/base.sh"
lock "$TREE_NAME"
take_identity
export GIT_CONFIG_GLOBAL=/dev/null
"$HARNESS/series.sh" commits "$TREE" "$patches"
key=$(git -C "$TREE" rev-parse "$BASE_REF"; cat "$patches"/*.patch | sha256sum)
if [ "$key" != "$(cat "$made_of" 2>/dev/null || :)" ]; then
	! has_own_work || die "$TREE: has work of your own; push it elsewhere, then:" \
		"git -C $TREE checkout -f $applied_ref"
	step "series: git am on $(cat "$TREE/.git/harness-version")" "am-$TREE_NAME" apply
	step "series: check out the branch $NAME" "checkout-$TREE_NAME" \
		git -C "$TREE" checkout -q -f -B "$NAME" $applied_ref
	say "$key" >"$made_of"
fi
[ "${KERNEL:-}${PROGRAMS:-}" != old ] ||
	step "series: check out its version 0" "checkout-$TREE_NAME-old" check_out_old
[ "${1:-}" != show ] || say "tree: $TREE, branch $NAME on $(cat "$TREE/.git/harness-version")"
