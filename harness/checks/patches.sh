#!/bin/sh
# The series for BASE can be generated and applied with git am, and contains what
# the files of the repository do.
set -eu
. "$(dirname "$0")/../lib.sh"
one_series

make_work

generate()
{
	"$HARNESS/series.sh" commits "$BASE_TREE" "$work/patches"
	[ ! -f "$SERIES/series/commits.man-pages" ] ||
		"$HARNESS/series.sh" commits.man-pages "" "$work/patches/man-pages"
}

# Another point release of the base moves lines and changes blob names.
is_committed()
{
	generate
	[ "$made_for" = "$here" ] || set -- -I '^index ' -I '^Based on v' -I '^@@ '
	diff -ru "$@" "$SERIES/patches" "$work/patches"
}

# git am does not accept fuzz.
applies()
{
	only_files_of "$BASE_REF" "$work"/patches/*.patch
	git -C "$work/tree" am --no-3way "$work"/patches/*.patch
}

diff_of()
{
	name=$1
	shift
	git -C "$work/tree" diff "$@" "$BASE_REF" HEAD -- "$name"
}

none()
{
	! grep .
}

# Sorted, as diff may assign a blank line to either side of an addition. Where
# lines are removed as well, diff may keep some that the new text has, too.
holds_lines()
{
	sort "$SERIES/$1" >"$work/ours"
	diff_of "$1" -U0 | sed -n '/^+++/d; s/^+//p' | sort >"$work/added"
	diff "$work/added" "$work/ours" && return
	[ "$(diff_of "$1" --numstat | cut -f 2)" -gt 0 ] &&
		comm -23 "$work/added" "$work/ours" | none &&
		sort "$work/tree/$1" | comm -13 - "$work/ours" | none
}

# The repository has the whole file if the series adds it, else the added lines,
# with the numbers of the stable base.
holds_files()
{
	git -C "$work/tree" diff --name-only "$BASE_REF" HEAD | sort | diff "$work/named" -
	while read -r file; do
		if ! placed_files "$SERIES" | grep -Fqx "$file"; then
			cmp "$work/tree/$file" "$SERIES/$file"
		elif [ "${made_for%% *}" = "${here%% *}" ]; then
			holds_lines "$file"
		fi
	done <"$work/named"
}

# What lies in a directory of the kernel is there to be posted.
posts_all()
{
	git -C "$work/tree" ls-tree -d --name-only "$BASE_REF" | while read -r dir; do
		[ ! -d "$SERIES/$dir" ] || (cd "$SERIES" && find "$dir" -type f)
	done | sort | comm -23 - "$work/named" | none
}

# Only who sends a patch can sign it.
unsigned()
{
	! grep -r 'Signed-off-by:' "$SERIES/patches"
}

[ -f "$SERIES/series/made-for" ] ||
	die "$SERIES/patches: expected there; run: make patches SERIES=$SERIES"
"$HARNESS/base.sh"
take_identity
IDENTITY=$(author_of "$SERIES/patches")
export IDENTITY
made_for=$(cat "$SERIES/series/made-for")
here=$(cat "$BASE_TREE/.git/harness-version")
named_files "$SERIES" >"$work/named"
if [ "${made_for%% *}" = "${here%% *}" ]; then
	check "patches/ is what make patches makes" is_committed
else
	check "a series for $here is made" generate
fi
check "patches/ carries no Signed-off-by" unsigned
check "git am takes the series on $here, without fuzz" applies
check "the tree of $here then holds the repository's files" holds_files
check "no commit leaves out a file of the mirror" posts_all
exit $failed
