#!/bin/sh
# Does KCSAN see data races of the series in a guest? Where the series' objects have
# lost their marks, it has to.
#
#   unmarked.sh [TEST...]	NAME_TEST_test, which may fail
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

tests=$(for test; do printf ' %s_%s_test' "$NAME" "$test"; done)
console=$BUILD/log/unmarked-$LABEL.log
work=$(mktemp -d)
# Such a kernel is for nobody else.
trap 'rm -rf "$work" "$OUT/kernel-on"' EXIT
trap 'exit 1' HUP INT PIPE TERM

boot()
{
	"$HARNESS/boot.sh" on "${LIMIT:-900}" "/ktap$tests" >"$console" 2>&1 || :
}

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
step "guest $LABEL: objects without marks" "boot-unmarked-$LABEL" boot
races | sort | uniq -c | sed 's/^/# /'
check "$LABEL: KCSAN finds the data races of objects without marks" races
exit $failed
