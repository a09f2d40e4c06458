#!/bin/sh
# Boot the guest on a root file system of Debian's packages and run there what
# proof/oracle has: a comparison with programs that do not know the series.
#
#   oracle.sh [LIMIT]	in seconds
#
# The guest gets proof/oracle as /oracle and runs run.sh there, with the
# directory of the programs as its argument.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

limit=${1:-1800}
oracle=$SERIES/proof/oracle
rootfs=$BUILD/rootfs-$DEB_ARCH
console=$BUILD/log/oracle-$LABEL.log

list_tree()
{
	find "$1" -mindepth 1 \
		-type d -printf "dir $2/%P %m 0 0\n" -o \
		-type l -printf "slink $2/%P %l 777 0 0\n" -o \
		-type f -printf "file $2/%P $1/%P %m 0 0\n" | sort
}

# The kernel unpacks one archive behind the other.
pack()
{
	{
		list_tree "$rootfs" ''
		say 'dir /oracle 755 0 0'
		list_tree "$oracle" /oracle
	} >"$OUT/oracle.list"
	"$OUT/usr/gen_init_cpio" "$OUT/oracle.list" >"$OUT/oracle.new"
	cat "$OUT/initramfs.cpio" "$OUT/oracle.new" >"$OUT/oracle.cpio"
	rm "$OUT/oracle.new"
}

boot()
{
	INITRAMFS=$OUT/oracle.cpio QEMU_OPTIONS="-m 3G" "$HARNESS/boot.sh" on \
		"$limit" /oracle/run.sh "/tests/${ABIS%% *}"
}

"$HARNESS/guest.sh"
"$HARNESS/rootfs.sh" "$oracle/packages"
step "oracle $LABEL: pack" "oracle-pack-$LABEL" pack
status=0
step "oracle $LABEL: compare in the guest" "oracle-$LABEL" boot || status=$?
# What a reader wants to see; the kernel's own lines stay in the log.
tr -d '\r' <"$console" | sed -n '/^oracle: /,/ differences$/p'
exit $status
