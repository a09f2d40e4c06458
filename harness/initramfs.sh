#!/bin/sh
# Pack OUT/initramfs.cpio: init, BusyBox, the guest's scripts and the programs
# that programs.sh built. The kernel's own packer needs no root.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

abi=${ABIS%% *}
flag=$(lookup "$HARNESS/abis" "$abi" | cut -d ' ' -f 1)

list_programs()
{
	(cd "$OUT" && find tests -type d | sort | sed 's,.*,dir /& 755 0 0,')
	(cd "$OUT" && find tests -type f ! -name '*.c' | sort |
		sed "s,.*,file /& $OUT/& 755 0 0,")
}

list()
{
	for dir in bin dev proc sys tmp etc root; do
		say "dir /$dir 755 0 0"
	done
	say "nod /dev/console 600 0 0 c 5 1"
	say "file /init $OUT/guest-init 755 0 0"
	say "file /bin/busybox $BUILD/busybox-$DEB_ARCH 755 0 0"
	say "slink /bin/sh busybox 777 0 0"
	say "file /etc/passwd $HARNESS/guest/passwd 644 0 0"
	for file in ktap.sh enosys.sh demo.sh shell.sh; do
		say "file /$file $HARNESS/guest/$file 755 0 0"
	done
	say "file /demo $SERIES/series/demo 644 0 0"
	list_programs
}

"$HARNESS/busybox.sh"
lock "$LABEL"
# shellcheck disable=SC2086 # one flag
$CC $flag -static -Wall -Wextra -O2 -isystem "$OUT/usr/include" -o "$OUT/guest-init" "$HARNESS/guest/init.c"
list >"$OUT/initramfs.list"
"$OUT/usr/gen_init_cpio" "$OUT/initramfs.list" >"$OUT/initramfs.new"
mv "$OUT/initramfs.new" "$OUT/initramfs.cpio"
