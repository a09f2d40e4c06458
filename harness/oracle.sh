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
. "$HARNESS/apt.sh"

limit=${1:-1800}
oracle=$SERIES/proof/oracle
rootfs=$BUILD/rootfs-$DEB_ARCH
console=$BUILD/log/oracle-$LABEL.log
apt_dir=$BUILD/apt-rootfs-$DEB_ARCH
# To apt, nothing is installed yet.
apt_options="-o APT::Architecture=$DEB_ARCH -o APT::Architectures=$DEB_ARCH
	-o Dir::State::status=/dev/null"

# Documentation is left out: it would fill the guest's memory.
unpack()
{
	dpkg-deb --fsys-tarfile "$1" | tar -x -C "$work" --exclude=./usr/share/doc \
		--exclude=./usr/share/man --exclude=./usr/share/locale
	# shellcheck disable=SC2016 # dpkg-deb's own
	dpkg-deb -W --showformat='${Package} ${Version}\n' "$1" >>"$work/packages"
}

# The packages that the file names and what they depend on, of this machine's own
# release; the file /packages in there says which versions these are.
build_rootfs()
{
	use_suite own
	rm -f "$apt_dir"/cache/archives/*.deb
	# shellcheck disable=SC2086 # a list of names
	private_apt install -y --download-only --no-install-recommends $packages
	for package in "$apt_dir"/cache/archives/*.deb; do
		unpack "$package"
	done
	chmod 755 "$work"
}

get_rootfs()
{
	packages=$(sed '/^#/d' "$oracle/packages" | tr '\n' ' ')
	[ "$packages" != "$(cat "$rootfs/packages.wanted" 2>/dev/null || :)" ] || return 0
	make_work
	say "$packages" >"$work/packages.wanted"
	step "rootfs for $DEB_ARCH: get and unpack $packages" "rootfs-$DEB_ARCH" build_rootfs
	rm -rf "$rootfs"
	mv "$work" "$rootfs"
}

list_tree()
{
	find "$1" -mindepth 1 \
		-type d -printf "dir $2/%P %m 0 0\n" -o \
		-type l -printf "slink $2/%P %l 777 0 0\n" -o \
		-type f -printf "file $2/%P $1/%P %m 0 0\n" | sort
}

# The kernel unpacks concatenated archives.
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

command -v apt-get >/dev/null 2>&1 ||
	die "expected apt-get, to fetch Debian's packages; run this on Debian"
"$HARNESS/guest.sh"
lock "rootfs-$DEB_ARCH"
get_rootfs
step "oracle $LABEL: pack" "oracle-pack-$LABEL" pack
status=0
step "oracle $LABEL: compare in the guest" "oracle-$LABEL" boot || status=$?
# Without the kernel's own lines.
tr -d '\r' <"$console" | sed -n '/^oracle: /,/ differences$/p'
exit $status
