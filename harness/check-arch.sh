#!/bin/sh
# Build the kernel for each machine of machines/, boot it, run the
# selftests of each of its ABIs, and end with a table of what came out.
#
#   check-arch.sh [MACHINE...]
set -eu
. "$(dirname "$0")/lib.sh"

LIMIT=${LIMIT:-7200} GUEST=${GUEST:-TIMEOUT=900}
export LIMIT GUEST
rows=$BUILD/log/check-arch.rows
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(machine_names)

# Of a program's ELF header.
endianness()
{
	case $(od -An -tu1 -j5 -N1 "$1" 2>/dev/null | tr -d ' ') in
	1) say little ;;
	2) say big ;;
	*) say - ;;
	esac
}

check_machine()
{
	if ! "$HARNESS/deps.sh" build "$ARCH" || ! "$HARNESS/checks/guest.sh" on; then
		say "not ok $ARCH: could not be built"
	fi
}

# A row for each ABI: what belongs to none of them fails the first one.
add_rows()
{
	. "$HARNESS/kernel-lib.sh"
	for abi in $ABIS; do
		say "$abi $(endianness "$OUT/tests/$abi/example")"
	done | awk -v machine="$ARCH" -f "$HARNESS/check-arch.awk" - "$1" >>"$rows"
}

: >"$rows"
for ARCH; do
	export ARCH
	say "== $ARCH"
	results=$BUILD/log/check-arch-$ARCH.results
	check_machine </dev/null 2>&1 | tee "$results"
	(add_rows "$results")
done
awk -f "$HARNESS/table.awk" "$rows"
