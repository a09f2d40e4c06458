#!/bin/sh
# Run the selftests on a kernel built with gcov, and print how many lines and
# branches of the C files that the series adds were reached, and which were not
# and why: series/coverage, if it is there, has the targets and the reasons.
#
#   coverage.sh [TEST...]	only NAME_TEST_test
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"
one_series

reasons=$SERIES/series/coverage
[ -f "$reasons" ] || reasons=/dev/null
tests=$(test_programs "$@")
limit=${LIMIT:-7200}
console=$BUILD/log/coverage-$LABEL.log
make_work

# FILE.gcda, as the guest printed it, next to the compiler's FILE.gcno.
take_counts()
{
	tr -d '\r' <"$console" |
		sed -n "/^gcda-begin $1\\.gcda\$/,/^gcda-end/p" | sed '/^gcda-/d' |
		base64 -d >"$work/$1.gcda"
	[ -s "$work/$1.gcda" ] || die "$console: expected the counts of $1.gcda in it"
	cp "$OUT/$2.gcno" "$work/$1.gcno"
}

"$HARNESS/guest.sh" on
status=0
# shellcheck disable=SC2086 # words
if ! step "guest $LABEL: count" "coverage-$LABEL" \
	"$HARNESS/boot.sh" on "$limit" /commands.sh coverage $tests; then
	say "a test failed; see $console"
	status=1
fi
for file in $(added_files c); do
	name=$(basename "$file" .c)
	take_counts "$name" "${file%.c}"
	(cd "$OUT" && gcov --json-format --stdout -b -c -o "$work" "$work/$name.gcda") |
		"$HARNESS/coverage.py" "$reasons" "$file" "$SERIES/$file" || status=1
done
exit $status
