#!/bin/sh
# The series for BASE: generated, applied with git am, and true to the files of
# the repository.
set -eu
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"; git -C "$TREE" worktree prune' EXIT
trap 'exit 1' HUP INT TERM

generate()
{
	"$HARNESS/series.sh" commits "$TREE" "$work/patches" &&
		"$HARNESS/series.sh" commits.man-pages "" "$work/patches/man-pages"
}

# Another point release of the base moves lines and changes blob names.
same_text()
{
	for dir in "$SERIES/patches" "$work/patches"; do
		(cd "$dir" && find . -type f | sort | while read -r file; do
			say "$file"
			sed '/^index /d; s/^@@ [^@]*@@.*/@@/' "$file"
		done) >"$work/$(say "$dir" | cksum | cut -d ' ' -f 1)"
	done
	diff -u "$work"/[0-9]*
}

is_committed()
{
	generate
	made_for=$(cat "$SERIES/series/made-for")
	if [ "$made_for" = "$(cat "$TREE/.git/harness-version")" ]; then
		diff -ru "$SERIES/patches" "$work/patches"
	else
		same_text
	fi
}

applies()
{
	git -C "$TREE" worktree add -q --detach --no-checkout "$work/tree" "$BASE_REF"
	sed -n 's,^diff --git a/\([^ ]*\) .*,/\1,p' "$work"/patches/*.patch | sort -u |
		git -C "$work/tree" sparse-checkout set --no-cone --stdin
	git -C "$work/tree" checkout -q
	git -C "$work/tree" am "$work"/patches/*.patch
}

# Fuzz is what git am never accepts; patch says so if there were any.
has_no_fuzz()
{
	git -C "$work/tree" checkout -q --detach "$BASE_REF"
	for patch in "$work"/patches/*.patch; do
		patch -d "$work/tree" -p1 -F0 --no-backup-if-mismatch <"$patch" || return 1
	done
	git -C "$work/tree" checkout -q -f --detach ORIG_HEAD
}

placed_text()
{
	git -C "$work/tree" diff -U0 "$BASE_REF" HEAD -- "$1" | sed -n '/^+++/d; s/^+//p'
}

# A file that the series adds is there whole; of one that it changes, the lines.
series_paths()
{
	sed 's/#.*//' "$SERIES/series/commits" | xargs -n 1 | grep /
}

holds_files()
{
	for path in $(series_paths); do
		for file in $(cd "$SERIES" && git ls-files -co --exclude-standard -- "$path"); do
			if grep -Fqx "[$file]" "$SERIES/series/placement"; then
				[ "$BASE" = "$STABLE_BASE" ] || continue
				placed_text "$file" | cmp - "$SERIES/$file"
			else
				cmp "$work/tree/$file" "$SERIES/$file"
			fi || return 1
		done
	done
}

"$HARNESS/base.sh"
take_identity
IDENTITY=$(signer_of "$SERIES/patches")
export IDENTITY
if [ "$BASE" = "$STABLE_BASE" ]; then
	check "patches/ is what make patches makes" is_committed
else
	check "a series for $BASE is made" generate
fi
check "git am takes the series on $BASE" applies
check "the tree of $BASE then holds the repository's files" holds_files
check "the patches apply to $BASE without fuzz" has_no_fuzz
exit $failed
