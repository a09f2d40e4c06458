#!/bin/sh
# Would KCSAN find data races of the series? Build its objects with READ_ONCE() and
# data_race() that do nothing: then it has to find some.
#
#   unmarked.sh [TEST...]	NAME_TEST_test, which may fail
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"

tests=$(test_programs "$@")
console=$BUILD/log/unmarked-$LABEL.log
# Nothing else may boot this kernel.
at_exit()
{
	rm -f "$OUT/kernel-on"
}
make_work

races()
{
	"$HARNESS/console.py" kcsan "$(functions_for_kcsan)" <"$console"
}

cat >"$work/unmarked.h" <<'END'
#include <linux/compiler.h>
#undef READ_ONCE
#define READ_ONCE(x) (x)
#undef data_race
#define data_race(x) (x)
END

PRE_INCLUDE=$work/unmarked.h "$HARNESS/guest.sh" on
# shellcheck disable=SC2086 # words
step "guest $LABEL: objects without marks" "unmarked-$LABEL" \
	"$HARNESS/boot.sh" on "${LIMIT:-900}" /ktap $tests || :
races | sort | uniq -c | sed 's/^/# /'
check "$LABEL: KCSAN finds the data races of objects without marks" races
exit $failed
