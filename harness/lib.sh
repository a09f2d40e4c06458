# Common to the scripts of the harness; to be sourced.
# shellcheck shell=sh

HARNESS=$(cd "$(dirname "$0")" && pwd)
TOP=$(dirname "$HARNESS")
SERIES=${SERIES:-$TOP}
BUILD=${BUILD:-$TOP/build}

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2
	exit 1
}

# Fields 2 and up of the line that starts with the word KEY in a table.
lookup()
{
	awk -v key="$2" '$1 == key { $1 = ""; print substr($0, 2); found = 1 }
		END { exit !found }' "$1" ||
		die "$1: no line for '$2'; known: $(awk '/^[^#]/ { printf "%s ", $1 }' "$1")"
}

# Who signs the patches: IDENTITY, else git's user, else who signed the patches
# that are there, so that a machine without an identity can build them.
take_identity()
{
	ident=${IDENTITY:-}
	[ -n "$ident" ] || ident=$(committed_identity "$(git config user.name || :)" \
		"$(git config user.email || :)")
	case $ident in
	?*' <'?*'>') ;;
	*) die "git has no identity; run: git config --global user.name NAME (and user.email)" ;;
	esac
	GIT_AUTHOR_NAME=${ident% <*}
	GIT_AUTHOR_EMAIL=${ident##*<}
	GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL%>}
	GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
	export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
}

committed_identity()
{
	if [ -n "$1" ] && [ -n "$2" ]; then
		printf '%s <%s>\n' "$1" "$2"
	else
		sed -n 's/^From: //p' "$SERIES"/patches/*.patch 2>/dev/null | head -n 1
	fi
}
