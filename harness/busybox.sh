#!/bin/sh
# Get a static BusyBox for the machine ARCH, as BUILD/busybox-DEB_ARCH: this
# machine's own if it fits, else the one of Debian's package for that machine.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"
. "$HARNESS/apt.sh"

apt_dir=$BUILD/apt-$DEB_ARCH
apt_options="-o APT::Architecture=$DEB_ARCH -o APT::Architectures=$DEB_ARCH"
target=$BUILD/busybox-$DEB_ARCH

unpack_package()
{
	use_suite own
	(cd "$work" && private_apt download busybox-static)
	dpkg-deb -x "$work"/*.deb "$work/root"
	mv "$work"/root/bin/busybox "$target"
}

lock "busybox-$DEB_ARCH"
[ ! -x "$target" ] || exit 0
own=$(command -v busybox) || die "busybox: expected in PATH (package busybox-static)"
if [ "$(dpkg --print-architecture 2>/dev/null || uname -m)" = "$DEB_ARCH" ]; then
	cp "$own" "$target"
else
	work=$(mktemp -d "$BUILD/.busybox.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT PIPE TERM
	step "busybox for $DEB_ARCH" "busybox-$DEB_ARCH" unpack_package
fi
