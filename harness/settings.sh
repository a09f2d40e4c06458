#!/bin/sh
# Check what a user can set: lib.sh ends with a line if it cannot work. Whether
# there is such a release takes a look at the mirror.
set -eu
. "$(dirname "$0")/lib.sh"

[ -n "$LINUX" ] || [ "$BASE" = "$STABLE_BASE" ] || [ -d "$TREE" ] || "$HARNESS/base.sh" find
