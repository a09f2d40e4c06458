#!/bin/sh
# Say where the tree is.
set -eu
. "$(dirname "$0")/lib.sh"

say "tree: $TREE, branch $NAME on $(cat "$TREE/.git/harness-version")"
