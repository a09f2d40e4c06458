#!/bin/sh
# Write what would be mailed to the lists below build/send, signed by git's user, and
# show it to git send-email --dry-run. Nothing is sent.
#
# The series is made again, with the sender as its author and as the maintainer in
# MAINTAINERS, in place of an address that nobody reads. SEND is another directory than
# build/send.
set -eu
. "$(dirname "$0")/lib.sh"
one_series

out=${SEND:-$BUILD/send} log=$BUILD/log/send.log

is_read()
{
	case $(say "${1##*<}" | tr '[:upper:]' '[:lower:]') in
	*noreply* | *no-reply* | *.example\> | *[@.]example.* | *.invalid\> | *@localhost* | *.localdomain\>)
		return 1 ;;
	esac
}

# Only a person can certify where a patch comes from (submitting-patches.rst).
check_sender()
{
	sender=$(git_identity)
	[ -n "$sender" ] ||
		die "git has no identity to sign with; run: git config --global user.name NAME (and user.email)"
	is_read "$sender" ||
		die "git's user is $sender: expected an address that somebody reads, to sign with"
	case ${sender##*<} in
	*@*.*) ;;
	*) die "git's user is $sender: expected an e-mail address" ;;
	esac
}

check_history()
{
	[ "$VERSION" -eq 1 ] || grep -q "^Changes in v$VERSION:" "$SERIES/series/changes" ||
		die "series/changes: expected 'Changes in v$VERSION:' in it, as series/config has VERSION=$VERSION"
}

copy_series()
{
	mkdir "$work/series"
	(cd "$SERIES" && git ls-files -co --exclude-standard) |
		tar -C "$SERIES" -cf - -T - | tar -C "$work/series" -xf -
	git -C "$work/series" init -q
	while IFS= read -r line; do
		case $line in
		M:*) is_read "$line" || line="M:	$sender" ;;
		esac
		say "$line"
	done <"$SERIES/MAINTAINERS" >"$work/series/MAINTAINERS"
}

# make_series LIST BASE OUT OPTION...
make_series()
{
	list=$1 base=$2 dir=$3
	shift 3
	SERIES=$work/series IDENTITY=$sender MAIL_OPTIONS="--signoff --thread=shallow $*" \
		"$HARNESS/series.sh" "$list" "$base" "$dir"
}

[ -f "$SERIES/series/cover" ] || die "$SERIES/series/cover: expected a cover letter"
check_sender
check_history
[ -x "$(git --exec-path)/git-send-email" ] || die "expected git send-email; install git-email"
"$HARNESS/base.sh"
make_work
copy_series
make_series commits "$BASE_TREE" "$work/send"
cover=$(sed -n 's/^Message-I[dD]: //p' "$work"/send/0000-*)
make_series commits.man-pages "" "$work/send/man-pages" "--in-reply-to=$cover"
git -C "$BASE_TREE" show "$BASE_REF:MAINTAINERS" >"$work/MAINTAINERS"
"$HARNESS/address.py" "$work/send" "$BASE_TREE" "$work/MAINTAINERS" 100000

# The headers of the messages have the thread and all recipients.
git -c sendemail.confirm=never send-email --dry-run --quiet --no-thread \
	--suppress-cc=author --suppress-cc=self --suppress-cc=body "$work"/send/*.txt \
	"$work"/send/*.patch "$work"/send/man-pages/*.patch >"$log" 2>&1 </dev/null ||
	{ tail -n 20 "$log"; die "git send-email refuses the messages"; }
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$work/send" "$out"
say "send: $(grep -c '^Dry-Sent ' "$log") messages of $sender in $out"
say "Nothing has been sent. When they are right, and you have read all of them, run:"
say "  git send-email --no-thread $out/*.txt $out/*.patch $out/man-pages/*.patch"
