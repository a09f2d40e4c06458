#!/bin/sh
# Make all that a guest is booted from: the tree with the series, its kernel,
# the programs, and the initramfs.
#
#   guest.sh [on|off]	the option of the series, on by default
set -eu
. "$(dirname "$0")/lib.sh"

"$HARNESS/tree.sh"
"$HARNESS/kernel.sh" "${1:-on}"
"$HARNESS/programs.sh"
"$HARNESS/initramfs.sh"
