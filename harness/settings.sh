#!/bin/sh
# Check a user's settings: lib.sh fails with one line if they cannot work. Whether
# there is such a release, only the mirror knows.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

[ -n "$LINUX" ] || [ "$BASE" = "$STABLE_BASE" ] || [ -d "$BASE_TREE" ] || "$HARNESS/base.sh" find
