# The kernel of CONFIG and ARCH: where it is built, and for which machine; to be
# sourced after lib.sh.
# shellcheck shell=sh
# shellcheck disable=SC1090,SC2034,SC2046,SC2048,SC2086 # used by those who source it; words

CC=${CC:-gcc}
# Another compiler has its own build directory.
LABEL=$TREE_NAME${KERNEL:+-$KERNEL}-$CONFIG-$ARCH${LABEL_MORE:-}
[ "$CC" = gcc ] || LABEL=$LABEL-$(basename "$CC")
# In the tree: make then gives the compiler relative paths, and ccache finds the objects
# of other trees, too, unless they have debug information, which names the directory.
OUT=$KERNEL_TREE/$LABEL
# The programs depend on the tree and the compiler only.
TESTS=$PLACE/out/$TREE_NAME${PROGRAMS:+-$PROGRAMS}-tests
[ "$CC" = gcc ] || TESTS=$TESTS-$(basename "$CC")

# What machines/ARCH says: KARCH (the kernel's ARCH=), DEB_ARCH (Debian's, or -),
# COMPILER, IMAGE, QEMU and its options MACHINE, words for the kernel's command
# line in MACHINE_OPTIONS, the terminals CONSOLE and RESULT_PORT, PACKAGES, and
# the kernel's settings KCONFIG. QEMU has the character devices "console" and
# "result"; in the guest, RESULT_PORT is the latter. What cannot be booted has
# QEMU=none, BUILD_ONLY=kernel or objects (of the series), and the REASON.
#
# A line of ABI_TABLE is what user programs can be: the name, the compiler, the
# ARCH= whose headers they need, the compiler's flag or -, and the option that
# has to be set for them to run. ABIS=NAME... takes some of them only.
set_machine()
{
	MACHINE='' MACHINE_OPTIONS='' BUILD_ONLY='' REASON=''
	. "$HARNESS/machines/$ARCH"
	known=$(say $(say "$ABI_TABLE" | cut -f 1))
	ABIS=${ABIS:-$known}
	for abi in $ABIS; do
		is_known "$known" "$abi" || die "ABIS=$ABIS: expected some of $known"
	done
}
set_machine

# Does the table kernels have CONFIG, or is that a target of the kernel's own?
is_own_kernel()
{
	is_known "$(kernel_names)" "$CONFIG"
}

# The settings of a kernel of the table, after those of the one it builds on.
kernel_settings()
{
	other=$(sed -n "s/^\[$1: \(.*\)\].*/\1/p" "$HARNESS/kernels")
	[ -z "$other" ] || kernel_settings "$other"
	sed -n "/^\[$1[]:]/,/^\$/p" "$HARNESS/kernels" | sed 1d
}

# Options of QEMU have an argument each; the other words are the kernel's.
set_kernel()
{
	KERNEL_QEMU='' KERNEL_OPTIONS=''
	set -- $(sed -n "s/^\[$CONFIG\(: .*\)*\]//p" "$HARNESS/kernels")
	while [ $# -gt 0 ]; do
		case $1 in
		-*) KERNEL_QEMU="$KERNEL_QEMU $1 $2" && shift 2 ;;
		*) KERNEL_OPTIONS="$KERNEL_OPTIONS $1" && shift ;;
		esac
	done
	# Without ACPI, the firmware reports one CPU for each socket.
	KERNEL_QEMU=${KERNEL_QEMU:--smp 2,sockets=2 -m 1G}
}
set_kernel

# Options of QEMU that every guest has. An oops, a warning or a hang ends the guest,
# and with -no-reboot QEMU.
GUEST_QEMU='-nodefaults -no-reboot -display none'

# kernel_line PROGRAM [ARGUMENT...]: the kernel's command line for a guest that runs
# the program
kernel_line()
{
	set -- "console=$CONSOLE result_port=$RESULT_PORT loglevel=5 panic=-1 oops=panic
		panic_on_warn=1 softlockup_panic=1 hung_task_panic=1
		rcupdate.rcu_cpu_stall_timeout=60 $KERNEL_OPTIONS $MACHINE_OPTIONS
		$(say "${GUEST:-}" | tr : ' ')" -- "$@"
	say $*
}

# CC replaces the machine's own compiler.
compiler()
{
	case $1 in
	gcc) say "${CC:-gcc}" ;;
	*) say "$1" ;;
	esac
}

# The prefix of a cross compiler.
CROSS=${COMPILER%gcc*}
KCC=$(compiler "$COMPILER")
! command -v ccache >/dev/null 2>&1 || KCC="$HARNESS/ccache.sh $KCC"
# The compiler lists the headers. Otherwise ccache preprocesses each file on its own,
# which makes a first build take a third longer.
export CCACHE_DEPEND=1

# parisc builds its vDSO with a compiler of this prefix without a version; powerpc
# would, too, but does not need it.
CROSS32=$CROSS
command -v "${CROSS}gcc" >/dev/null 2>&1 || CROSS32=

# The same input gives the same kernel, and ccache finds it again.
kernel_make()
{
	KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=user KBUILD_BUILD_HOST=host \
		KBUILD_BUILD_VERSION=1 \
		make -C "$KERNEL_TREE" -j"$JOBS" O="$OUT" ARCH="$KARCH" CROSS_COMPILE="$CROSS" \
		CROSS32_COMPILE="$CROSS32" CC="$KCC" "$@"
}

# Kbuild skips sparse 0.6.4, with a warning, as it does not know __typeof_unqual__.
SPARSE='C=2 CF=-D__typeof_unqual__=__typeof__'

has_option()
{
	grep -qx "$1=y" "$OUT/.config"
}

# The functions in the objects of the series, whose data races count.
functions_for_kcsan()
{
	has_option CONFIG_KCSAN || return 0
	added_files c | while read -r file; do
		nm "$OUT/${file%.c}.o" | sed -n 's/^.* [tT] //p'
	done | tr '\n' ' '
}

# How to compile for an ABI, and where the headers of the tree are.
# shellcheck disable=SC2046 # the words of the line
set_abi()
{
	set -- $(say "$ABI_TABLE" | grep "^$1[[:space:]]")
	ABI_CC=$(compiler "$2") ABI_KARCH=$3 ABI_OPTION=$5
	[ "$4" = - ] || ABI_CC="$ABI_CC $4"
	HEADERS=$PLACE/out/$TREE_NAME${PROGRAMS:+-$PROGRAMS}-headers-$ABI_KARCH/usr/include
}

# Can the kernel run programs of this ABI?
runs_abi()
{
	set_abi "$1"
	has_option "$ABI_OPTION"
}

# The number of the call, for the ABI of set_abi
call_number()
{
	printf '#include <asm/unistd.h>\n__NR_%s\n' "$NAME" |
		$ABI_CC -isystem "$HEADERS" -E - | tail -n 1
}

# What a guest's clock counts. icount: instructions, a nanosecond each, on one
# CPU, so that figures are the same on every machine; wall: time, on two CPUs.
clock_options()
{
	case $1 in
	icount) say "-smp 1,sockets=1 -m 5G -icount shift=0,sleep=off" ;;
	wall) say "-smp 2,sockets=2 -m 5G" ;;
	*) die "clock $1: expected icount or wall" ;;
	esac
}

# list_tree SOURCE TARGET: what the kernel's packer reads, with the directories above the
# target
list_tree()
{
	above=$2
	while [ -n "$above" ]; do
		say "dir $above 755 0 0"
		above=${above%/*}
	done | sort
	find "$1" -mindepth 1 \
		-type d -printf "dir $2/%P %m 0 0\n" -o \
		-type l -printf "slink $2/%P %l 777 0 0\n" -o \
		-type f -printf "file $2/%P $1/%P %m 0 0\n" | sort
}

# Print the guest's initramfs with the files that standard input lists behind it: the
# kernel unpacks concatenated archives.
more_initramfs()
{
	cat "$OUT/initramfs.cpio"
	"$OUT/usr/gen_init_cpio" -
}
