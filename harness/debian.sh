#!/bin/sh
# Boot the guest on a root file system of Debian's packages, with directories of
# this machine in it, and run a command there.
#
#   debian.sh NAME LIMIT PACKAGES SOURCE:TARGET... COMMAND [ARGUMENT...]
#
# NAME is for logs and the root file system, LIMIT is in seconds, and PACKAGES is
# a file with the names of packages, a line each. The command begins with a slash;
# @TESTS@ in an argument stands for the directory of the programs of the first
# ABI. The console is in build/log/NAME-LABEL.log.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"
. "$HARNESS/apt.sh"

guest=$1 limit=$2 list=$3
shift 3
rootfs=$BUILD/rootfs-$guest-$DEB_ARCH
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
	packages=$(sed '/^#/d' "$list" | tr '\n' ' ')
	[ "$packages" != "$(cat "$rootfs/packages.wanted" 2>/dev/null || :)" ] || return 0
	make_work
	say "$packages" >"$work/packages.wanted"
	step "rootfs for $DEB_ARCH: get and unpack $packages" "rootfs-$guest" build_rootfs
	rm -rf "$rootfs"
	mv "$work" "$rootfs"
}

pack()
{
	{
		list_tree "$rootfs" ''
		for pair in $pairs; do
			list_tree "${pair%%:*}" "${pair#*:}"
		done
	} | more_initramfs >"$OUT/$guest.cpio"
}

pairs=
while [ "${1#/*:/}" != "$1" ]; do
	pairs="$pairs $1"
	shift
done
"$HARNESS/guest.sh"
lock "rootfs-$DEB_ARCH"
get_rootfs
step "$guest $LABEL: pack" "$guest-pack-$LABEL" pack
# shellcheck disable=SC2046 # no argument has a space
step "$guest $LABEL: run in the guest" "$guest-$LABEL" env INITRAMFS="$OUT/$guest.cpio" \
	QEMU_OPTIONS="${QEMU_OPTIONS:--m 3G}" "$HARNESS/boot.sh" on "$limit" \
	$(say "$*" | sed "s,@TESTS@,/tests/${ABIS%% *},g")
