# What the scripts know of a kernel: where it is built and for which machine;
# to be sourced after lib.sh.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2153 # used by, and set by, those who source it

CC=${CC:-gcc}
# Another compiler builds everything anew, in a place of its own.
LABEL=$TREE_NAME-$CONFIG-$ARCH${LABEL_MORE:-}
[ "$CC" = gcc ] || LABEL=$LABEL-$(basename "$CC")
OUT=$BUILD/out/$LABEL

# Sort words into options of QEMU, which have an argument each, and of the kernel.
split_options()
{
	QEMU_WORDS='' KERNEL_WORDS=''
	while [ $# -gt 0 ]; do
		case $1 in
		-*) QEMU_WORDS="$QEMU_WORDS $1 $2" && shift 2 ;;
		*) KERNEL_WORDS="$KERNEL_WORDS $1" && shift ;;
		esac
	done
}

# shellcheck disable=SC2046 # the words of the line
set_machine()
{
	set -- $(lookup "$HARNESS/archs" "$ARCH")
	KARCH=$1 DEB_ARCH=$2 COMPILER=$3 IMAGE=$4 ABIS=$(say "$5" | tr , ' ') CONSOLE=$6
	RESULT_PORT=$7 QEMU=$8
	shift 8
	REASON=$*
	split_options "$@"
	MACHINE=$QEMU_WORDS MACHINE_OPTIONS=$KERNEL_WORDS
}
set_machine

# One of the table's kernels, or a configuration target of the kernel's own.
# shellcheck disable=SC2046 # the words of the line
set_kernel()
{
	FRAGMENTS='' KERNEL_QEMU='-smp 2,sockets=2 -m 1G' KERNEL_OPTIONS=''
	grep -q "^${CONFIG}[[:space:]]" "$HARNESS/kernels" || return 0
	set -- $(lookup "$HARNESS/kernels" "$CONFIG")
	FRAGMENTS=$(say "$1" | tr , ' ')
	shift
	split_options "$@"
	KERNEL_QEMU=$QEMU_WORDS KERNEL_OPTIONS=$KERNEL_WORDS
}
set_kernel

# The compiler of a table: CC stands where the machine's own one does.
compiler()
{
	case $1 in
	gcc) say "${CC:-gcc}" ;;
	*) say "$1" ;;
	esac
}

# What is in front of gcc or gcc-12 in a cross compiler's name.
CROSS=${COMPILER%gcc*}
KCC=$(compiler "$COMPILER")
command -v ccache >/dev/null 2>&1 && KCC="ccache $KCC"

# parisc builds its vDSO with a compiler of this prefix and no version behind it;
# powerpc would too, but can do without.
CROSS32=$CROSS
command -v "${CROSS}gcc" >/dev/null 2>&1 || CROSS32=

# The same input gives the same kernel, and ccache finds it again.
kernel_make()
{
	KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=user KBUILD_BUILD_HOST=host \
		make -C "$TREE" -j"$JOBS" O="$OUT" ARCH="$KARCH" CROSS_COMPILE="$CROSS" \
		CROSS32_COMPILE="$CROSS32" CC="$KCC" "$@"
}

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

# What the table says of an ABI, how to compile for it with the headers of the
# tree, and where these are.
# shellcheck disable=SC2046 # the words of the line
set_abi()
{
	set -- $(lookup "$HARNESS/abis" "$1")
	ABI_KARCH=$2 ABI_CC=$(compiler "$1")
	[ "$3" = - ] || ABI_CC="$ABI_CC $3"
	shift 3
	ABI_OPTIONS=$*
	HEADERS=$BUILD/out/$TREE_NAME-headers-$ABI_KARCH/usr/include
}

# Can the kernel run programs of this ABI?
runs_abi()
{
	set_abi "$1"
	for option in $ABI_OPTIONS; do
		has_option "$option" && return
	done
	return 1
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
