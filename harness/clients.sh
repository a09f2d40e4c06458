#!/bin/sh
# Build the programs of clients/ as released, with their fixes, and with the call;
# compare in a guest what they print, run their own tests, and measure.
#
#   clients.sh compare [COMMAND...]	commands of clients/guest/commands
#   clients.sh tests [CLIENT...]
#   clients.sh measure [COMMAND...]
#   clients.sh record		type the lines of clients/guest/session
#   clients.sh accept		keep the figures and the record in clients/bench, and
#				the tables in the documents
#   clients.sh			compare, tests, measure and record
set -eu
. "$(dirname "$0")/lib.sh"
one_series
CONFIG=clients
. "$HARNESS/kernel-lib.sh"
. "$HARNESS/apt.sh"
export CONFIG

clients=$SERIES/clients work_dir=$BUILD/clients
[ -d "$clients" ] || die "$clients: expected programs that use the call"
root=$work_dir/root
figures=$BUILD/bench/clients
# Numbers of processes to measure with
SIZES=${SIZES:-500 1000 2000 5000}
builds='orig fixed xyzzy planted'
apt_dir=$BUILD/apt-clients
set_abi "${ABIS%% *}"
export HEADERS JOBS

# print_releases: the table without comments
print_releases()
{
	sed '/^#/d' "$clients/releases"
}

# The following work on a row of the table (client, source, version, suite, and
# directory) and on a build of it.

tarball()
{
	find "$work_dir" -maxdepth 1 -name "${source}_$version.orig.tar.*"
}

# Apt compares the checksum with that of the index; ^C would leave half a file.
fetch()
{
	rm -rf "$work_dir/fetch"
	mkdir "$work_dir/fetch"
	cd "$work_dir/fetch"
	use_suite "$suite" sources
	private_apt source --tar-only --download-only --only-source "$source"
	mv ./*.orig.tar.* "$work_dir"
	[ -n "$(tarball)" ] ||
		die "$source $version: expected its source in $suite of the machine's Debian mirror"
}

# What the build has on top of the release
patches()
{
	case $build in
	orig) return 0 ;;
	fixed) set -- "$clients/$client/fixes" ;;
	*) set -- "$clients/$client/fixes" "$clients/$client/xyzzy" ;;
	esac
	find "$@" -name '*.patch' 2>/dev/null | sort
}

plant()
{
	sed -n "s/^$client\t//p" "$clients/planted" >"$work_dir/planted"
	while IFS=$(printf '\t') read -r file script; do
		sed -i "$script" "$tree/$file"
	done <"$work_dir/planted"
	! git -C "$tree" diff --quiet || die "clients/planted: expected to change $client"
}

# The patches have to apply as their maintainers would apply them.
unpack_source()
{
	rm -rf "$tree" "$work_dir/unpack"
	mkdir -p "$work_dir/unpack"
	tar --no-same-owner -C "$work_dir/unpack" -xf "$(tarball)"
	mv "$work_dir/unpack/$directory" "$tree"
	git -C "$tree" init -q
	git -C "$tree" add -A -f
	git -C "$tree" commit -q -m "$source $version"
	for patch in $(patches); do
		git -C "$tree" am -q "$patch"
	done
	[ "$build" != planted ] || plant
}

build_client()
{
	unpack_source
	cd "$tree"
	"$clients/$client/build" "/opt/$build" "$root"
	stamp >"$tree.built"
}

# What the build depends on.
stamp()
{
	# shellcheck disable=SC2046 # names without spaces
	cat $(patches) "$clients/$client/build" "$HEADERS/linux/$NAME.h" | cksum
	[ "$build" != planted ] || sed -n "s/^$client\t//p" "$clients/planted"
	say "$version"
}

build_all()
{
	take_identity
	mkdir -p "$work_dir"
	print_releases | while read -r client source version suite directory only; do
		is_known "${wanted:-$client}" "$client" || continue
		[ -n "$(tarball)" ] ||
			step "$client $version: fetch" "clients-fetch-$client" fetch
		for build in ${only:-$builds}; do
			tree=$work_dir/$client-$build
			[ "$(stamp)" != "$(cat "$tree.built" 2>/dev/null || :)" ] || continue
			step "$client, $build: build" "clients-$client-$build" build_client
		done
	done
}

# guest NAME LIMIT PAIR... COMMAND...
guest()
{
	guest_name=$1 limit=$2
	shift 2
	cat "$clients"/guest/packages "$clients"/*/guest-packages | sed '/^#/d' |
		sort -u >"$work_dir/packages"
	"$HARNESS/debian.sh" "clients-$guest_name" "$limit" "$work_dir/packages" \
		"$root/opt:/opt" "$clients/guest:/clients" "$@"
}

# The guest's lines of a kind, without the kernel's own, and without colours.
results()
{
	tr -d '\r' <"$BUILD/log/clients-$1-$LABEL.log" |
		sed "s/$(printf '\033')\[[0-9;]*m//g" | sed -n "$2"
}

compare()
{
	status=0
	guest compare 2400 @TESTS@/xyzzy_population /usr/bin/python3 \
		/clients/compare.py "$(call_number)" "$@" || status=$?
	results compare '/^\(ok\|not ok\|#\|left out\) /p; / differences$/p'
	[ "$status" -eq 0 ] || failed=1
}

# The lines in which the suites report a test: those of automake, of DejaGnu, of
# pytest, and of htop's own script.
test_results()
{
	results "tests-$1" \
		'/^\(PASS\|FAIL\|ERROR\|UNRESOLVED\|UNTESTED\|ok\|not ok\)[: ]/p
		s,^\(PASSED\|FAILED\|ERROR\) [^ ]*/tests/\([^ ]*\).*,\1 \2,p' | sort
}

# A test that fails as released, too, says nothing about the patches.
tests()
{
	# shellcheck disable=SC2046 # names without spaces
	[ $# -gt 0 ] || set -- $(print_releases | cut -f 1)
	for client; do
		only=$(print_releases | sed -n "s/^$client\t.*\t\(xyzzy\)\$/\1/p")
		ends='end as those of the release'
		[ -z "$only" ] || ends='of the call pass'
		: >"$work_dir/$client-orig.results"
		for build in ${only:-orig xyzzy}; do
			# Only what is compared needs its sources in the guest. The logs
			# say how it went.
			pair=$work_dir/$client-$build:/src
			[ -z "$only" ] || pair=
			# shellcheck disable=SC2086 # may be none
			guest "tests-$client-$build" 2400 $pair \
				"$clients/$client:/client" /client/tests "/opt/$build" /src || :
			test_results "$client-$build" >"$work_dir/$client-$build.results"
		done
		check "$client: its own tests $ends" \
			compare_results "$work_dir/$client"
	done
}

# The patches may add tests, if these pass.
compare_results()
{
	[ -s "$1-${only:-orig}.results" ] || die "$1: expected results of its tests"
	say "$(wc -l <"$1-orig.results") results as released, $(wc -l <"$1-xyzzy.results") with the call"
	! diff "$1-orig.results" "$1-xyzzy.results" | grep '^[<>]' | grep -v '^> \(PASS\|ok\)'
}

measure()
{
	QEMU_OPTIONS=$(clock_options icount)
	export QEMU_OPTIONS
	# shellcheck disable=SC2086 # words
	guest measure 3600 /usr/bin/python3 /clients/measure.py $SIZES "$@" || failed=1
	# The figures of some commands are not those to accept.
	[ $# -eq 0 ] || figures=$figures-some
	mkdir -p "$figures"
	{
		say n,way,abi,value
		results measure 's/^csv //p'
	} >"$figures/clients.csv"
	results measure '/^# .* opened /p'
	"$HARNESS/bench.py" plot "$clients/bench" "$figures"
	"$HARNESS/bench.py" report "$clients/bench" "$figures"
}

# The guest's clock counts instructions, so that "time" shows these.
record()
{
	QEMU_OPTIONS=$(clock_options icount)
	export QEMU_OPTIONS
	guest record 1200 /usr/bin/python3 /clients/record.py 5000 || failed=1
	mkdir -p "$figures"
	results record '/^session: begin/,/^session: end/{//!p}' >"$figures/session.txt"
	cat "$figures/session.txt"
}

actions=${1:-compare tests measure record}
[ $# -eq 0 ] || shift
case $actions in
accept)
	cp "$figures/session.txt" "$clients/bench"
	exec "$HARNESS/bench.py" accept "$clients/bench" "$figures"
	;;
compare | tests | measure | record | 'compare tests measure record') ;;
*) die "$actions: expected compare, tests, measure, record or accept" ;;
esac
# The clients to build, all if empty
wanted=
[ "$actions" != tests ] || wanted=$*
"$HARNESS/guest.sh"
lock clients
build_all
for action in $actions; do
	"$action" "$@"
done
exit $failed
