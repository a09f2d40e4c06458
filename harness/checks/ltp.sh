#!/bin/sh
# Run the tests that ltp/ has for the Linux Test Project in a guest, compiled with
# ltp/stand-in in the place of its library.
#
#   ltp.sh on	they pass, and one with a planted fault fails
#   ltp.sh off	they skip, as the kernel does not have the call
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

state=$1 ltp=$SERIES/ltp
make_work
source=$work/testcases/kernel/syscalls/$NAME
console=$BUILD/log/ltp-$LABEL-$state.log

# The new files of the patches; what they append to files of LTP is not there.
extract()
{
	cd "$work"
	for patch in "$ltp"/*.patch; do
		GIT_CEILING_DIRECTORIES=$BUILD git apply --include='include/lapi/*.h' \
			--include="testcases/kernel/syscalls/$NAME/*" "$patch"
	done
}

# compile TEST AS
compile()
{
	# shellcheck disable=SC2086 # a command and its flag
	$ABI_CC -O2 -Wall -Wextra -Werror -static -s -pthread -isystem "$HEADERS" \
		-I "$ltp/stand-in" -I "$work/include" -o "$work/programs/$2" "$source/$1.c"
}

# With the fault, the header of the tests has another size of a record.
build()
{
	extract
	mkdir "$work/programs"
	for test in $(tests); do
		compile "$test" "$test"
	done
	sed -i 's/\(XYZZY_TASK_SIZE_ID\).*/\1 88/' "$work/include/lapi/$NAME.h"
	compile "${NAME}02" planted
}

tests()
{
	(cd "$source" && find . -name '*.c' | sed 's,^\./,,; s,\.c$,,' | sort)
}

# LTP wants tests of calls that no released kernel has in runtest/staging.
is_listed()
{
	cat "$ltp"/*.patch >"$work/patch"
	[ -n "$(tests)" ]
	for test in $(tests); do
		grep -qx "$test" "$source/.gitignore"
		sed -n '/^+++ b.runtest.staging/,/^-- /p' "$work/patch" | grep -qx "+$test $test"
	done
}

# LTP has a table for each architecture; those of MIPS begin at 4000, 5000 and 6000.
has_number()
{
	number=$(call_number)
	sed -n "s/^+$NAME \([0-9]*\)\$/\1/p" "$work/patch" |
		awk -v number="$number" '{ wrong += $1 % 1000 != number }
			END { exit wrong || NR == 0 }'
}

# ended TEST PATTERN: the line in which the guest says how it ended
ended()
{
	tr -d '\r' <"$console" | sed -n "/^$1: /,/^$1 ended /p" >"$work/output"
	grep -v ': TPASS: ' "$work/output"
	tail -n 2 "$work/output" | paste -s -d ' ' | grep -Eqx "$2"
}

"$HARNESS/guest.sh" "$state"
set_abi "${ABIS%% *}"
step "ltp: build its tests" "ltp-build-$LABEL" build
check "ltp: git and the list of tests know each test" is_listed
[ "$BASE$LINUX" != "$STABLE_BASE" ] || check "ltp: the tables have the number" has_number
list_tree "$work/programs" /ltp | more_initramfs >"$work/cpio"
check "ltp, $LABEL $state: the guest reported success" \
	step "ltp, $LABEL $state: boot" "ltp-$LABEL-$state" env INITRAMFS="$work/cpio" \
	"$HARNESS/boot.sh" "$state" "${LIMIT:-600}" /commands.sh ltp
case $state in
on)
	good='Summary: passed [1-9][0-9]* failed 0 broken 0 skipped 0 warnings 0 .* status 0'
	bad='Summary: passed [1-9][0-9]* failed [1-9].* broken 0 .* status 1'
	;;
off)
	good='Summary: passed 0 failed 0 broken 0 skipped 1 warnings 0 .* status 32'
	bad=$good
	;;
esac
for test in $(tests); do
	check "ltp, $LABEL $state: $test" ended "$test" "$good"
done
check "ltp, $LABEL $state: a planted fault" ended planted "$bad"
tr -d '\r' <"$console" | sed -n 's/^\(Summary: .*\)/# \1/p'
exit $failed
