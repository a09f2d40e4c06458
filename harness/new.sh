#!/bin/sh
# Write the series of a new system call to DIR, for the tree of BASE or LINUX:
# `make new NAME=frob ARGS="int fd, unsigned int flags"`, see new.py.
set -eu
call=${NAME:-}
. "$(dirname "$0")/lib.sh"

new()
{
	mode=$1
	shift
	"$HARNESS/new.py" "$mode" "$call" "${ARGS:-}" "${STRUCT:-}" "$DIR" "$@"
}

DIR=${DIR:-$TOP/examples/$call}
check_path "DIR=$DIR"
new check
"$HARNESS/base.sh"
new write "$BASE_TREE" "$BASE_REF" "$STABLE_BASE"
say "Next: make run SERIES=$DIR"
