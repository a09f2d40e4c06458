#!/bin/sh
# Build what runs in the guest, for each ABI of ARCH that the kernel has: the
# selftests of TREE, what proof/ has, and the examples of the man page and of
# README.rst. They go to OUT/tests/ABI, where the file list names the tests.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

selftests=$TREE/tools/testing/selftests/$NAME proof=$SERIES/proof

# build ABI DIRECTORY [WORD...], without what a debugger would want: some machines
# have little memory.
build()
{
	dir=$OUT/tests/$1 from=$2
	shift 2
	make -C "$from" -j"$JOBS" OUTPUT="$dir" CC="$ABI_CC" KHDR_INCLUDES="-isystem $HEADERS" "$@"
}

# build_example ABI NAME DOCUMENT
build_example()
{
	dir=$OUT/tests/$1
	"$HARNESS/example.sh" "$3" >"$dir/$2.c"
	# shellcheck disable=SC2086 # a command and its flag
	$ABI_CC -static -s -Wall -Wextra -Werror -isystem "$HEADERS" \
		-o "$dir/$2" "$dir/$2.c"
}

build_abi()
{
	mkdir -p "$OUT/tests/$1"
	build "$1" "$selftests" USERLDFLAGS='-static -s'
	build "$1" "$proof" LDFLAGS='-static -s' SELFTESTS="${selftests%/*}"
	{
		make -s -C "$selftests" OUTPUT="$dir" COLLECTION="$NAME" emit_tests | sed 's/.*://'
		make -s -C "$proof" list
	} >"$dir/list"
	build_example "$1" example "$SERIES/$MAN"
	[ ! -f "$SERIES/README.rst" ] || build_example "$1" readme "$SERIES/README.rst"
}

# A 32-bit program on a 64-bit kernel may belong to another architecture.
install_headers()
{
	make -C "$TREE" -j"$JOBS" O="${HEADERS%/usr/include}" ARCH="$ABI_KARCH" headers
	if [ -n "$(find "$HEADERS" -newer "$OUT/tests/settings" 2>&1 | head -n 1)" ]; then
		rm -rf "$OUT/tests/$1"
	fi
}

build_all()
{
	for abi in $ABIS; do
		runs_abi "$abi" || continue
		install_headers "$abi"
		build_abi "$abi"
	done
	cp "$selftests/settings" "$OUT/tests/"
	touch "$OUT/tests/settings"
}

lock "$LABEL"
for abi in $ABIS; do
	runs_abi "$abi" || say "ABI $abi: not built, $LABEL does not run it"
done
step "programs $LABEL: build" "programs-$LABEL" build_all
