#!/bin/sh
# Build what runs in the guest, for each ABI of ARCH that the kernel has: the
# selftests of TREE and, where a series has them, what is in proof/ and the examples
# of the man page and of README.rst. They go to TESTS/ABI, where the file list names
# the tests.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

selftests=$PROGRAMS_TREE/tools/testing/selftests

# build ABI DIRECTORY [WORD...], without debugging symbols: some machines have
# little memory.
build()
{
	dir=$TESTS/$1 from=$2
	shift 2
	make -C "$from" -j"$JOBS" OUTPUT="$dir" CC="$ABI_CC -Werror" \
		KHDR_INCLUDES="-isystem $HEADERS" "$@"
}

# The program between SRC BEGIN and SRC END of a document. In a man page, a line
# that starts with a dot is for roff, \& is nothing, and a few characters have
# names; in reStructuredText, the program is indented by four spaces.
print_example()
{
	case $1 in
	*.rst) sed -n '/^\.\. SRC BEGIN/,/^\.\. SRC END/{s/^    //p; /^$/p;}' "$1" ;;
	*)
		sed -n '/^\.\\" SRC BEGIN/,/^\.\\" SRC END/p' "$1" |
			sed '/^\./d; s/\\&//g; s/\\\[rs\]/\\/g; s/\\\[aq\]/'"'"'/g; s/\\-/-/g; s/\\e/\\/g'
		;;
	esac
}

# build_example ABI NAME DOCUMENT: a program that is up to date is not built again, as
# another guest may be packing it.
build_example()
{
	dir=$TESTS/$1
	print_example "$3" >"$dir/new.c"
	[ -s "$dir/new.c" ] || die "$3: expected a program between SRC BEGIN and SRC END"
	! cmp -s "$dir/new.c" "$dir/$2.c" || [ ! -x "$dir/$2" ] || return 0
	mv "$dir/new.c" "$dir/$2.c"
	# shellcheck disable=SC2086 # a command and its flag
	$ABI_CC -static -s -Wall -Wextra -Werror -isystem "$HEADERS" \
		-o "$dir/$2" "$dir/$2.c"
}

# build_selftests ABI: and print the names of the tests
build_selftests()
{
	for name in $NAMES; do
		# An early commit has none.
		[ -d "$selftests/$name" ] || continue
		build "$1" "$selftests/$name" USERLDFLAGS='-static -s' >&2
		tests=$(make -s -C "$selftests/$name" OUTPUT="$dir" COLLECTION="$name" emit_tests)
		say "${tests:?expected the names of tests}" | sed 's/.*://'
	done
}

# build_more ABI SERIES: likewise
build_more()
{
	man=$(sed -n 's/^MAN=//p' "$2/series/config")
	if [ -f "$2/proof/Makefile" ]; then
		build "$1" "$2/proof" LDFLAGS='-static -s' SELFTESTS="$selftests" >&2
		make -s -C "$2/proof" list
	fi
	[ -z "$man" ] || build_example "$1" example "$2/$man"
	! grep -qs '^\.\. SRC BEGIN' "$2/README.rst" || build_example "$1" readme "$2/README.rst"
}

build_abi()
{
	mkdir -p "$TESTS/$1"
	build_selftests "$1" >"$TESTS/$1/list.new"
	if [ "${PROGRAMS:-}" != old ]; then
		for series in $(series_dirs); do
			build_more "$1" "$series"
		done >>"$TESTS/$1/list.new"
	fi
	mv "$TESTS/$1/list.new" "$TESTS/$1/list"
}

# A 32-bit program on a 64-bit kernel may belong to another architecture.
install_headers()
{
	make -C "$PROGRAMS_TREE" -j"$JOBS" O="${HEADERS%/usr/include}" ARCH="$ABI_KARCH" headers
	if [ -n "$(find "$HEADERS" -newer "$TESTS/$1/built" 2>&1 | head -n 1)" ]; then
		rm -rf "${TESTS:?}/$1"
	fi
}

build_all()
{
	for abi in $ABIS; do
		runs_abi "$abi" || continue
		install_headers "$abi"
		build_abi "$abi"
		touch "$TESTS/$abi/built"
	done
}

# The headers are those of every compiler.
lock "$TREE_NAME${PROGRAMS:+-$PROGRAMS}-tests"
for abi in $ABIS; do
	runs_abi "$abi" || say "ABI $abi: not built, $LABEL does not run it"
done
step "programs $LABEL: build" "programs-$LABEL" build_all
