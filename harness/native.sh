#!/bin/sh
# Time the call where its kernel runs on the processor itself: in user-mode Linux,
# which is a program; see proof/bench/xyzzy_native.c. The same run measures
# floors on the host.
#
#   native.sh		measure, and report; the figures are in build/bench/native
#   native.sh accept	make the figures those of proof/native and the documents
#
# The memory of the kernel is a file. With pages of 2 MiB (table huge), it is mapped
# like that of a kernel on hardware; with 4 KiB (table small), reads miss the TLB, too.
#
# SIZES are the numbers of processes, BOOTS how often to boot; the median counts.
# AGAINST=REVISION also measures the series of that revision of this repository, in
# turn with this one, as METHOD-base.
set -eu
. "$(dirname "$0")/lib.sh"
one_series
ARCH=um CONFIG=tiny
. "$HARNESS/kernel-lib.sh"
export ARCH CONFIG

SIZES=${SIZES:-100 1000 10000 30000}
BOOTS=${BOOTS:-3}
AGAINST=${AGAINST:-}
bench=$SERIES/proof/native
figures=$BUILD/bench/native
program=$TESTS/m64/${NAME}_native
# Processes that other programs of the host may need
SPARE=2000

count_tasks()
{
	find /proc/[0-9]*/task -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

# Each process of the guest is one of the host. Of memory, guest and host need some
# 150 KiB for each.
leave_out()
{
	pids=$(($(cat /proc/sys/kernel/pid_max) - $(count_tasks) - SPARE))
	most=$(awk -v pids="$pids" '$1 == "MemAvailable:" { n = int($2 / 150) }
		END { print n < pids ? n : pids }' /proc/meminfo)
	sizes=
	for size in $SIZES; do
		[ "$size" -gt "$most" ] || sizes="$sizes $size" largest=$size
	done
	[ "$SIZES" = "${sizes# }" ] ||
		say "native: the host's kernel.pid_max and memory leave room for $most processes"
	[ -n "$sizes" ] || die "SIZES=$SIZES: expected fewer processes"
}

# Twice the largest cache, in bytes; 64 MiB if the host does not say.
cache_bytes()
{
	cat /sys/devices/system/cpu/cpu0/cache/index*/size 2>/dev/null |
		sed -n 's/K$//p' | sort -n | tail -n 1 |
		awk '{ kib = $1 } END { printf "%.0f", 2048 * (kib ? kib : 32768) }'
}

# The size of a task in the built kernel, as a slab has it.
task_stride()
{
	size=$(nm -S "$OUT/linux" | sed -n 's/^[^ ]* \([^ ]*\) . init_task$/\1/p')
	say $(((0x$size + 63) / 64 * 64))
}

# The last of the processors that we may use.
own_cpu()
{
	taskset -cp $$ | sed 's/.*[^0-9]//'
}

# with_memory PAGES COMMAND...: with an empty directory in memory of these pages, which
# goes away with the mount namespace of the command.
with_memory()
{
	huge=never
	[ "$1" = small ] || huge=always
	shift
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'mount -t tmpfs -o "huge=$1,size=100%" none "$2" &&
		TMPDIR=$2 && export TMPDIR && shift 2 && exec "$@"' \
		sh "$huge" "$work/memory" "$@"
}

# boot SERIES
boot()
{
	# shellcheck disable=SC2086 # numbers
	SERIES=$1 INITRAMFS=$OUT/initramfs.cpio \
		QEMU_OPTIONS="-m $((512 + 2 * cache / 1048576 + largest / 10))M" \
		with_memory "$pages" chrt -f 1 taskset -c "$cpu" "$HARNESS/boot.sh" on 900 \
		"/tests/m64/${NAME}_native" "$cache" $sizes
}

floors()
{
	# shellcheck disable=SC2086 # numbers
	with_memory "$pages" chrt -f 1 taskset -c "$cpu" timeout --foreground 900 \
		"$program" -f "$work/memory" "$stride" "$cache" $sizes
}

# run WHAT SUFFIX COMMAND...: the suffix is for the names of the methods
run()
{
	what=$1 suffix=$2
	shift 2
	step "native: $what, $pages pages, boot $nr of $BOOTS" native "$@"
	tr -d '\r' <"$BUILD/log/native.log" |
		sed -n "s/^csv \([^,]*,[^,]*\)/\1$suffix/p" >>"$work/$pages"
}

# The median of each figure.
medians()
{
	say n,way,abi,value
	sort -t , -k 1,1n -k 2,2 -k 3,3 -k 4,4g "$1" | awk -F , '
		function put() { if (n) print key "," value[int((n + 1) / 2)] }
		$1 "," $2 "," $3 != key { put(); key = $1 "," $2 "," $3; n = 0 }
		{ value[++n] = $4 }
		END { put() }'
}

if [ "${1:-}" = accept ]; then
	exec "$HARNESS/bench.py" accept "$bench" "$figures"
fi
[ -f "$bench/rows" ] || die "$bench/rows: expected a table of what to report"
make_work
mkdir "$work/memory"
with_memory huge true 2>/dev/null ||
	die "mount: expected to be allowed to mount a tmpfs with huge pages; run as root"
leave_out
base=
if [ -n "$AGAINST" ]; then
	base=$BUILD/against
	rm -rf "$base"
	mkdir "$base"
	git -C "$TOP" archive "$AGAINST" | tar -x -C "$base" ||
		die "AGAINST=$AGAINST: expected a revision of this repository"
	SERIES=$base "$HARNESS/tree.sh"
	SERIES=$base "$HARNESS/kernel.sh" on
fi
"$HARNESS/guest.sh" on
cache=$(cache_bytes) stride=$(task_stride) cpu=$(own_cpu)
say "native: on CPU $cpu; cold: after $((cache / 1048576)) MiB of other memory;" \
	"tasks are $stride bytes"

for nr in $(seq "$BOOTS"); do
	for pages in huge small; do
		run "floors" "" floors
		run "this series" "" boot "$SERIES"
		[ -z "$base" ] || run "$AGAINST" -base boot "$base"
	done
done
mkdir -p "$figures"
for pages in huge small; do
	medians "$work/$pages" >"$figures/$pages.csv"
done
"$HARNESS/bench.py" report "$bench" "$figures"
say "figures: $figures; harness/native.sh accept copies them to proof/native and the documents"
