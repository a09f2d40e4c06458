#!/bin/sh
# Write the series of a new system call to DIR, for the tree of BASE or LINUX:
# `make new NAME=frob ARGS="int fd, unsigned int flags"`, see new/new.py.
set -eu
call=${NAME:-}
. "$(dirname "$0")/lib.sh"

DIR=${DIR:-$TOP/examples/$call}
check_path "DIR=$DIR"
set -- "$call" "${ARGS:-}" "${STRUCT:-}" "$DIR"
"$TOP/new/new.py" check "$@"
"$HARNESS/base.sh"
"$TOP/new/new.py" write "$@" "$BASE_TREE" "$BASE_REF" "$STABLE_BASE"
say "Next: make run SERIES=$DIR"
