#!/bin/sh
# Build what runs in the guest, for each ABI of ARCH that the kernel has: the
# selftests of TREE and the man page's example. They go to OUT/tests/ABI.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

selftests=$TREE/tools/testing/selftests/$NAME
headers=$OUT/usr/include

build_abi()
{
	flag=$(lookup "$HARNESS/abis" "$1" | cut -d ' ' -f 1)
	dir=$OUT/tests/$1
	mkdir -p "$dir"
	make -C "$selftests" -j"$JOBS" OUTPUT="$dir" CC="$CC $flag" USERLDFLAGS=-static \
		KHDR_INCLUDES="-isystem $headers"
	make -s -C "$selftests" OUTPUT="$dir" COLLECTION="$NAME" emit_tests |
		sed 's/.*://' >"$dir/list"
	"$HARNESS/example.sh" "$SERIES/$MAN" >"$dir/example.c"
	# shellcheck disable=SC2086 # one flag
	$CC $flag -static -Wall -Wextra -Werror -isystem "$headers" \
		-o "$dir/example" "$dir/example.c"
}

build_all()
{
	kernel_make headers
	if [ -n "$(find "$headers" -newer "$OUT/tests/settings" 2>&1 | head -n 1)" ]; then
		rm -rf "$OUT/tests"
	fi
	for abi in $ABIS; do
		runs_abi "$abi" && build_abi "$abi"
	done
	cp "$selftests/settings" "$OUT/tests/"
	touch "$OUT/tests/settings"
}

lock "$LABEL"
for abi in $ABIS; do
	runs_abi "$abi" || say "ABI $abi: not built, $LABEL does not run it"
done
step "programs $LABEL: build" "programs-$LABEL" build_all
