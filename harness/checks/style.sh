#!/bin/sh
# Style: the kernel's checkpatch, linters of man pages, rst2html, and shellcheck.
set -eu
. "$(dirname "$0")/../lib.sh"
one_series

exceptions=$SERIES/series/checkpatch
[ -f "$exceptions" ] || exceptions=/dev/null
make_work

# The types that the table exempts for a patch.
ignored_types()
{
	while read -r type pattern _; do
		# shellcheck disable=SC2254 # a pattern
		case $type,$1 in
		'#'*) ;;
		*,$pattern) printf '%s,' "$type" ;;
		esac
	done <"$exceptions"
}

# Debian's python3 has the modules of spdxcheck.py, whichever comes first.
checkpatch()
{
	cd "$BASE_TREE"
	PATH=/usr/bin:$PATH perl scripts/checkpatch.pl --strict --no-summary --no-signoff \
		--ignore "$(ignored_types "$(basename "$1")")" "$1"
}

# The case of the title and the date of an unreleased page follow the conventions of
# the man-pages project. A missing mandoc is a finding, too.
mandoc_lint()
{
	! mandoc -Tlint "$1" 2>&1 | grep -v -e 'lower case character in document title' \
		-e 'cannot parse date, using it verbatim'
}

groff_lint()
{
	output=$(groff -mandoc -t -K utf8 -ww -rCHECKSTYLE=3 -z "$1" 2>&1)
	say "$output"
	[ -z "$output" ]
}

# The documents of the series. The part of an index that is placed is none.
documents()
{
	cd "$SERIES"
	find . -name build -prune -o -name '*.rst' -print | sed 's,^\./,,' |
		grep -Fvx "$(placed_files .)" || :
}

# What Sphinx adds to reStructuredText is not used.
rst_lint()
{
	while read -r file; do
		rst2html --halt=2 "$SERIES/$file" "$work/html"
	done <"$work/documents"
}

shell_scripts()
{
	{
		git grep --untracked -lE '^(#!/bin/sh|# shellcheck shell=sh)$' -- ':!patches'
		git ls-files -co --exclude-standard '*.sh'
	} | sort -u
}

shellcheck_all()
{
	# shellcheck disable=SC2046 # names without spaces
	(cd "$TOP" && shellcheck $(shell_scripts))
}

"$HARNESS/base.sh"
find "$SERIES/patches" -name '*.patch' | sort >"$work/patches"
[ -s "$work/patches" ] || die "$SERIES/patches: expected patches; run: make patches SERIES=$SERIES"
while read -r patch; do
	check "checkpatch --strict $(basename "$patch")" checkpatch "$patch"
done <"$work/patches"
sed -n 's/^[^#]/# not asked of checkpatch: &/p' "$exceptions"
if [ -n "$MAN" ]; then
	check "mandoc -Tlint $MAN" mandoc_lint "$SERIES/$MAN"
	check "groff -ww $MAN" groff_lint "$SERIES/$MAN"
fi
(documents) >"$work/documents"
[ ! -s "$work/documents" ] || check "rst2html of the documents" rst_lint
[ "$SERIES" != "$TOP" ] || check "shellcheck" shellcheck_all
exit $failed
