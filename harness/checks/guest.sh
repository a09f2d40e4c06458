#!/bin/sh
# Boot the kernel of BASE, CONFIG and ARCH and run the selftests of every ABI.
#
#   guest.sh on	[TEST...]	they pass; all of them, or those named TEST or
#				NAME_TEST_test
#   guest.sh off		they skip, as the kernel does not have the call
#
# With PROGRAMS=old, they are those of the earlier version, and with KERNEL=old the
# kernel is. OLD_COMMIT=NAME is another commit than that of series/config; if there
# are no tests yet, it is enough that the kernel boots.
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

state=$1
shift
tests=$(test_programs "$@")
# In the names of logs, which must not be too long
named=$(printf -- '-%s' "$@")
[ $# -gt 0 ] || named=
named=$named$(say "${GUEST:-}" | tr : '\n' | sed -n 's/^lsm=/-/p')
limit=${LIMIT:-1800}
of_programs=${PROGRAMS:+, ${asked_old:-$PROGRAMS} programs}

# Each line is a result.
judge()
{
	"$HARNESS/console.py" judge "$(functions_for_kcsan)" "$LABEL $state$of_programs" \
		"$1" "$abis" <"$console"
}

# What a few tests with settings in GUEST print about their progress.
figures()
{
	[ -n "$tests" ] && [ -n "${GUEST:-}" ] || return 0
	tr -d '\r' <"$console" | sed -n 's/^ *# [a-z_]*\.c:[0-9]*:/# /p'
}

# Were the tools active? KCSAN finds data races of the kernel's own, too.
looked()
{
	! has_option CONFIG_KCSAN || check "$LABEL $state: KCSAN reports data races, at least of other code" \
		grep -q 'BUG: KCSAN: ' "$console"
	! has_option CONFIG_DEBUG_KMEMLEAK || check "$LABEL $state: kmemleak reports no leak" \
		grep -q 'kmemleak has found nothing' "$console"
}

# run NAME PROGRAM pass|skip|boots: boot once; its tests are expected to pass or to
# skip, if there are any.
run()
{
	name=$1$named${PROGRAMS:+-$PROGRAMS}
	shift
	log=guest-$LABEL-$state-$name console=$BUILD/log/guest-$LABEL-$state-$name.log
	# shellcheck disable=SC2086 # a program and its words
	if step "guest $LABEL, $OPTIONS $state: $name" "$log" \
		"$HARNESS/boot.sh" "$state" "$limit" $1$tests; then
		say "ok $LABEL $state$of_programs: $name: the guest reported success"
	else
		say "not ok $LABEL $state$of_programs: $name: the guest reported success"
		failed=1
	fi
	[ "$2" = boots ] || judge "$2" || failed=1
	figures
	looked
}

"$HARNESS/guest.sh" "$state"
if [ -n "$BUILD_ONLY" ]; then
	# shellcheck disable=SC2086 # a text of two lines
	say "ok $LABEL $state: it and the tests are built; does not boot here:" $REASON
	exit 0
fi
# Its logs are read after the guest has ended.
lock "guest-$LABEL-$state$named"
abis=
for abi in $ABIS; do
	if runs_abi "$abi"; then
		abis="$abis $abi"
	elif is_own_kernel; then
		say "not ok $LABEL: expected a kernel that runs $abi programs"
		failed=1
	fi
done
if ! grep -qs . "$TESTS"/*/list; then
	run boot "/bin/busybox true" boots
elif [ "$state" = on ]; then
	run ktap "/commands.sh leaks /ktap" pass
else
	# The example is of the last commit.
	[ -z "$MAN" ] || [ -n "${PROGRAMS:-}" ] || run enosys "/commands.sh enosys" boots
	run ktap /ktap skip
fi
exit $failed
