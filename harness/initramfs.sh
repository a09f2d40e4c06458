#!/bin/sh
# Pack OUT/initramfs.cpio: init, BusyBox, the guest's scripts and the programs
# that programs.sh built. The kernel's own packer needs no root.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

set_abi "${ABIS%% *}"

list_programs()
{
	(cd "$OUT" && find tests -type d | sort | sed 's,.*,dir /& 755 0 0,')
	(cd "$OUT" && find tests -type f ! -name '*.c' | sort |
		sed "s,.*,file /& $OUT/& 755 0 0,")
}

list_shell()
{
	say "file /bin/busybox $BUILD/busybox-$ARCH 755 0 0"
	say "slink /bin/sh busybox 777 0 0"
	for file in enosys.sh demo.sh shell.sh coverage.sh; do
		say "file /$file $HARNESS/guest/$file 755 0 0"
	done
}

list()
{
	for dir in bin dev proc sys tmp etc root; do
		say "dir /$dir 755 0 0"
	done
	say "nod /dev/console 600 0 0 c 5 1"
	say "file /init $OUT/guest-init 755 0 0"
	say "file /ktap $OUT/guest-ktap 755 0 0"
	say "file /etc/passwd $HARNESS/guest/passwd 644 0 0"
	list_shell
	say "file /demo $SERIES/series/demo 644 0 0"
	list_programs
}

"$HARNESS/busybox.sh"
lock "$LABEL"
for program in init ktap; do
	# shellcheck disable=SC2086 # a command and its flag
	$ABI_CC -static -s -Wall -Wextra -O2 -isystem "$HEADERS" \
		-o "$OUT/guest-$program" "$HARNESS/guest/$program.c"
done
list >"$OUT/initramfs.list"
"$OUT/usr/gen_init_cpio" "$OUT/initramfs.list" >"$OUT/initramfs.new"
mv "$OUT/initramfs.new" "$OUT/initramfs.cpio"
