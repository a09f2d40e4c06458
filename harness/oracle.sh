#!/bin/sh
# Compare, in a guest, what the call reports with what Debian's programs show, which do
# not use it. The guest has proof/oracle as /oracle.
set -eu
. "$(dirname "$0")/lib.sh"
one_series
. "$HARNESS/kernel-lib.sh"

oracle=$SERIES/proof/oracle
[ -d "$oracle" ] || die "$oracle: expected what compares the call with Debian's programs"
status=0
"$HARNESS/debian.sh" oracle "${LIMIT:-1800}" "$oracle/packages" "$oracle:/oracle" \
	/oracle/run.sh @TESTS@ || status=$?
# Without the kernel's own lines.
tr -d '\r' <"$BUILD/log/oracle-$LABEL.log" | sed -n '/^oracle: /,/ differences$/p'
exit $status
