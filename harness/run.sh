#!/bin/sh
# Show the series at work: boot it and run the commands of series/demo.
#
# The guest's clock counts instructions: what it measures is the same on every
# machine.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

for dir in $(series_dirs); do
	[ -f "$dir/series/demo" ] || die "$dir/series/demo: expected a file that says what to run"
done
"$HARNESS/guest.sh"
say "guest: boots now; one millisecond there is a million instructions"
QEMU_OPTIONS="$(clock_options icount) -m 1G" \
	"$HARNESS/boot.sh" on 300 /commands.sh demo "${ABIS%% *}"
