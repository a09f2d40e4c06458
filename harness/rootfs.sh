#!/bin/sh
# Put a root file system for the machine ARCH together from packages of this
# machine's own Debian release, as they are: BUILD/rootfs-DEB_ARCH.
#
#   rootfs.sh LIST
#
# LIST names the packages, one a line; what they depend on comes with them. The
# file /packages in there says which versions these are.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"
. "$HARNESS/apt.sh"

list=$1
target=$BUILD/rootfs-$DEB_ARCH
apt_dir=$BUILD/apt-rootfs-$DEB_ARCH
# To apt, nothing is installed yet.
apt_options="-o APT::Architecture=$DEB_ARCH -o APT::Architectures=$DEB_ARCH
	-o Dir::State::status=/dev/null"

names()
{
	sed '/^#/d' "$list"
}

# What a package does for people is left out: it would fill the guest's memory.
unpack()
{
	dpkg-deb --fsys-tarfile "$1" | tar -x -C "$work" --exclude=./usr/share/doc \
		--exclude=./usr/share/man --exclude=./usr/share/locale
	# shellcheck disable=SC2016 # dpkg-deb's own
	dpkg-deb -W --showformat='${Package} ${Version}\n' "$1" >>"$work/packages"
}

build()
{
	use_suite own
	rm -f "$apt_dir"/cache/archives/*.deb
	# shellcheck disable=SC2046 # a list of names
	private_apt install -y --download-only --no-install-recommends $(names)
	for package in "$apt_dir"/cache/archives/*.deb; do
		unpack "$package"
	done
	chmod 755 "$work"
}

command -v apt-get >/dev/null 2>&1 ||
	die "expected apt-get, to fetch Debian's packages; run this on Debian"
lock "rootfs-$DEB_ARCH"
names | cmp -s - "$target/packages.wanted" && exit 0
work=$(mktemp -d "$BUILD/.rootfs.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
names >"$work/packages.wanted"
step "rootfs for $DEB_ARCH: get and unpack $(names | tr '\n' ' ')" "rootfs-$DEB_ARCH" build
rm -rf "$target"
mv "$work" "$target"
