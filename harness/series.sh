#!/bin/sh
# Make a series of patches from the files of this repository.
#
#   series.sh			for BASE or LINUX, as make patches
#   series.sh LIST TREE OUT [COMMIT]
#
# LIST names the commits (see series/commits), TREE is the tree that they are made for
# ("" for an empty one), and OUT is replaced as a whole. TREE is only read; if base.sh
# has made it, COMMIT is read, by default the base. The same input
# gives the same bytes, whatever the machine. MAIL_OPTIONS are further ones of git
# format-patch. Nobody signs here: git am -s and make send do.
set -eu
. "$(dirname "$0")/lib.sh"
one_series

list=${1:-} base=${2:-} out=${3:-} base_commit=${4:-$BASE_REF}
# "" for the kernel; the files of another repository end in .NAME.
repository=${list#commits}
placement=$SERIES/series/placement
growth=$SERIES/series/growth
trailers=$SERIES/series/trailers$repository
[ -f "$growth" ] || growth=/dev/null

# For the stable base into patches/, for another tree below build/.
make_patches()
{
	[ -n "$LINUX" ] || "$HARNESS/base.sh"
	if [ "$BASE$LINUX" != "$STABLE_BASE" ]; then
		out=$BUILD/patches-$TREE_NAME
		"$0" commits "${LINUX:-$BASE_TREE}" "$out"
	else
		out=$SERIES/patches
		"$0" commits "$BASE_TREE" "$out"
		[ ! -f "$SERIES/series/commits.man-pages" ] ||
			"$0" commits.man-pages "" "$out/man-pages"
		cat "$BASE_TREE/.git/harness-version" >"$SERIES/series/made-for"
	fi
	say "patches: $out"
}

# A tree of base.sh may have the series checked out; take the base from git.
base_file()
{
	if is_our_tree "$base"; then
		git -C "$base" show "$base_commit:$1"
	else
		cat "$base/$1"
	fi
}

# The files of the base that the series changes; the rest is not needed here.
copy_base()
{
	for file in $(placed_files "$SERIES"; sed -n 's/^number [0-9]* //p' "$placement"); do
		mkdir -p "$work/base/$(dirname "$file")"
		base_file "$file" >"$work/base/$file" ||
			die "$base: expected $file there, which series/placement names"
	done
	cp -R "$work/base/." "$tree"
}

# As the file is after the commit MESSAGE: lines of later ones are left out.
add_whole()
{
	from=${1%%=*} to=${1#*=}
	if [ -n "$base" ] && base_file "$to" >/dev/null 2>&1; then
		die "$to: is in the base tree already; give it a place in series/placement"
	fi
	[ -f "$SERIES/$from" ] || die "$from: named in series/$list, but no file there"
	mkdir -p "$(dirname "$tree/$to")"
	cp "$SERIES/$from" "$tree/$to"
	# shellcheck disable=SC2046 # a list of words
	! grep -Fqx "[$from]" "$growth" ||
		"$HARNESS/grow.py" "$SERIES" "$growth" "$from" $(later_commits "$message") >"$tree/$to"
}

later_commits()
{
	awk -v commit="$1" 'later { print $1 } $1 == commit { later = 1 }' "$work/list"
}

# If a commit does not name the file of its hunk, the hunk would be dropped. The
# files may be those of another list.
check_commits()
{
	stray=$(cat "$SERIES"/series/commits* | awk 'FNR == NR {
			for (i = 2; i <= NF; i++) {
				sub(/=.*/, "", $i)
				names[$1, $i] = 1
			}
		}
		/^\[.*\]$/ { file = substr($0, 2, length($0) - 2) }
		$1 == "commit" && !(($2, file) in names) { print $2 " does not name " file }' \
		- "$placement" "$growth")
	[ -z "$stray" ] || die "series: a commit $stray"
}

make_commit()
{
	message=$1
	shift
	placed=
	for path; do
		if placed_files "$SERIES" | grep -Fqx "$path"; then
			placed="$placed $path"
		else
			add_whole "$path"
		fi
	done
	# shellcheck disable=SC2086 # a list of paths without spaces
	[ -z "$placed" ] || "$HARNESS/place.py" "$SERIES" "$work/base" "$tree" "$message" \
		"$placement" $placed
	git -C "$tree" add -A
	{
		cat "$SERIES/series/messages/$message"
		[ ! -f "$trailers" ] || { say && cat "$trailers"; }
	} | git -C "$tree" commit -q -F -
}

# What was posted first has no history.
cover_text()
{
	cat "$letter"
	[ "$VERSION" -eq 1 ] || { say && sed '/^#/d' "$SERIES/series/changes"; }
}

# The man page as text, not wider than mail should be
rendered_page()
{
	[ -n "$MAN" ] || return 0
	{
		say .na
		sed 's/^\.in +4n/.in +2n/' "$SERIES/$MAN"
	} | groff -man -t -Tascii -P-cbou -rLL=72n -rIN=2n -rHY=0 -rcR=1 |
		cat -s
}

# A commit that others have, too, or the release
base_line()
{
	if [ -n "$LINUX" ] && [ -e "$LINUX/.git" ]; then
		say "base-commit: $(git -C "$LINUX" rev-parse HEAD)"
	else
		base_file Makefile | awk '$2 == "=" && !($1 in is) { is[$1] = $3 }
			END { print "Based on v" is["VERSION"] "." is["PATCHLEVEL"] \
				(is["SUBLEVEL"] > 0 ? "." is["SUBLEVEL"] : "") is["EXTRAVERSION"] "." }'
	fi
}

if [ $# -eq 0 ]; then
	make_patches
	exit 0
fi
make_work
tree=$work/tree new=$work/out
take_identity
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
# There, git looks for attributes and for what to ignore.
export XDG_CONFIG_HOME="$work" GIT_ATTR_NOSYSTEM=1
export GIT_AUTHOR_DATE="$DATE" GIT_COMMITTER_DATE="$DATE"
mkdir -p "$tree" "$new"
git -C "$tree" init -q -b base
[ -z "$base" ] || copy_base
git -C "$tree" add -A
git -C "$tree" commit -q --allow-empty -m base
git -C "$tree" checkout -q -b "$NAME"

sed 's/#.*//; /^[[:space:]]*$/d' "$SERIES/series/$list" >"$work/list"
check_commits
while read -r message paths; do
	# shellcheck disable=SC2086 # a list of paths without spaces
	make_commit "$message" $paths
done <"$work/list"

# Of the lists, commits alone has a cover letter.
letter=$SERIES/series/cover$repository cover=--no-cover-letter
if [ -f "$letter" ]; then
	cover=--cover-letter
	git -C "$tree" config "branch.$NAME.description" "$(cover_text)"
fi
if [ "$VERSION" -eq 1 ]; then
	prefix='RFC PATCH'
else
	prefix="PATCH v$VERSION"
fi
# shellcheck disable=SC2086 # options
git -C "$tree" format-patch -q -o "$new" $cover --subject-prefix="$prefix${repository:+ ${repository#.}}" \
	--cover-from-description=subject --zero-commit --no-signature --full-index \
	--no-renames --diff-algorithm=myers ${MAIL_OPTIONS:-} base
# So that `git am patches/*.patch` does not see the cover letter.
for letter in "$new"/*-cover-letter.patch; do
	[ -f "$letter" ] || continue
	{
		cat "$letter"
		rendered_page
		say
		base_line
	} >"${letter%.patch}.txt"
	rm "$letter"
done
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$new" "$out"
