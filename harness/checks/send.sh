#!/bin/sh
# What make send writes: who can sign, and that the messages can be mailed.
set -eu
. "$(dirname "$0")/../lib.sh"

make_work
messages=$work/messages
# The user's own identity, and that of this repository, do not count.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export SEND="$messages"

# send_as NAME EMAIL: with a temporary identity
send_as()
{
	env -C / GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0="$1" \
		GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1="$2" "$HARNESS/send.sh"
}

# refuses TEXT COMMAND...: with one line that has TEXT in it, and no message
refuses()
{
	text=$1
	shift
	! said=$("$@" 2>&1) || return 1
	say "$said"
	[ "$(say "$said" | wc -l)" -eq 1 ] && [ ! -e "$messages" ] &&
		say "$said" | grep -Fq "$text"
}

# The series without patches/: nothing may depend on their author.
copy_series()
{
	mkdir "$work/copy"
	tar -C "$SERIES" --exclude=./.git --exclude=./build --exclude=./patches -cf - . |
		tar -C "$work/copy" -xf -
	git -C "$work/copy" init -q
}

send_copy()
{
	SERIES=$work/copy send_as "$who" "$email"
}

send_next_version()
{
	sed -i.1 's/^VERSION=.*/VERSION=99/' "$work/copy/series/config"
	status=0
	send_copy || status=$?
	mv "$work/copy/series/config.1" "$work/copy/series/config"
	return "$status"
}

all()
{
	printf '%s\n' "$messages"/*.txt "$messages"/*.patch "$messages"/man-pages/*.patch
}

is_complete()
{
	commits=$(cat "$SERIES"/series/commits* | grep -c '^[a-z]')
	[ "$(all | wc -l)" -eq $((commits + 1)) ]
}

# The cover letter has nothing to sign.
is_signed()
{
	for message in $(all | grep 'patch$'); do
		[ "$(sed -n 's/^Signed-off-by: //p' "$message")" = "$who <$email>" ] ||
			{ say "$message: expected one Signed-off-by"; return 1; }
	done
	! grep -rF "$(author_of "$SERIES/patches")" "$messages"
}

# The headers of a message, unfolded
headers_of()
{
	sed -e '/^$/Q' -e ':more' -e '$!N; s/\n[[:space:]]/ /; t more' -e 'P; D' "$1"
}

is_addressed()
{
	for message in $(all); do
		headers_of "$message" | grep -e '^To: ' -e '^Cc: ' >"$work/people"
		for list in linux-api linux-man linux-security-module linux-kernel; do
			case $message,$list in
			*/man-pages/*,linux-kernel) ;;
			*)
				[ "$(grep -o "$list@vger.kernel.org" "$work/people" | wc -l)" -eq 1 ] ||
					{ say "$message: expected $list once"; return 1; }
				;;
			esac
		done
	done
	headers_of "$messages"/0004-* | grep -q '^Cc: .*linux-fsdevel@vger.kernel.org'
}

is_threaded()
{
	cover=$(sed -n 's/^Message-I[dD]: //p' "$messages"/*.txt)
	[ -n "$cover" ]
	for message in $(all | grep 'patch$'); do
		headers_of "$message" | grep -Fqx "In-Reply-To: $cover" ||
			{ say "$message: expected a reply to $cover"; return 1; }
	done
}

# What a list would refuse, with just two messages
address_large()
{
	mkdir "$work/large"
	cp "$work/kept"/*.txt "$work/kept"/0009-* "$work/large"
	git -C "$BASE_TREE" show "$BASE_REF:MAINTAINERS" >"$work/MAINTAINERS"
	"$HARNESS/address.py" "$work/large" "$BASE_TREE" "$work/MAINTAINERS" 70000
}

copy_series
who='Temporary Identity' email=temporary@identity.test
check "who has no identity cannot send" refuses "git has no identity" \
	env -C / GIT_CONFIG_COUNT=0 "$HARNESS/send.sh"
for nobody in x@users.noreply.example.net x@host.example X@Example.org x@localhost x; do
	check "$nobody cannot sign" refuses "git's user is $who <$nobody>" send_as "$who" "$nobody"
done
check "a version without a history is refused" refuses "expected 'Changes in v99:'" \
	send_next_version
check "git send-email would take the messages" send_copy
check "there is a message for each commit, and the cover letter" is_complete
check "each patch is signed once, by who sends it, and by nobody else" is_signed
check "each message goes to the lists that have to see it" is_addressed
check "all messages are one thread" is_threaded
mv "$messages" "$work/kept"
check "a message that is too large for the lists is refused" \
	refuses "0009-selftests-xyzzy-add-tests-of-the-arguments.patch: expected at most 70000 bytes" \
	address_large
exit $failed
