#!/bin/sh
# Show the series at work: boot it and run the commands of series/demo.
#
# QEMU counts instructions and lets one take a nanosecond of the guest's time,
# so that what the guest measures is the same on every machine.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

"$HARNESS/guest.sh"
say "guest: boots now; one millisecond there is a million instructions"
QEMU_OPTIONS="-smp 1,sockets=1 -icount shift=0,sleep=off" \
	"$HARNESS/boot.sh" on 300 /demo.sh "${ABIS%% *}"
