#!/bin/sh
# Get a static BusyBox for the machine ARCH, as BUILD/busybox-ARCH: this machine's
# own if it fits, else the one of Debian's package for that machine, and where
# there is none, one built from Debian's source.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"
. "$HARNESS/apt.sh"

target=$BUILD/busybox-$ARCH
wanted=$HARNESS/busybox.config

get_package()
{
	apt_dir=$BUILD/apt-$DEB_ARCH
	apt_options="-o APT::Architecture=$DEB_ARCH -o APT::Architectures=$DEB_ARCH"
	use_suite own
	(cd "$work" && private_apt download busybox-static)
	dpkg-deb -x "$work"/*.deb "$work"
	mv "$work/bin/busybox" "$target"
}

busybox_make()
{
	make -C "$work" -j"$JOBS" CROSS_COMPILE="$CROSS" CC="$ABI_CC" "$@"
}

# What an option that is set brings along is as BusyBox has it.
configure()
{
	busybox_make allnoconfig
	sed 's/^\(CONFIG_.*\)=.*/# \1 is not set/' "$wanted" | grep -vxFf - "$work/.config" |
		cat - "$wanted" >"$work/.config.new"
	mv "$work/.config.new" "$work/.config"
	yes '' | busybox_make oldconfig
}

build_source()
{
	use_suite own sources
	(cd "$work" && private_apt source --download-only busybox)
	tar -xf "$work"/busybox_*.orig.tar.* -C "$work" --strip-components=1
	configure
	busybox_make busybox
	mv "$work/busybox" "$target"
}

lock "busybox-$ARCH"
[ ! -x "$target" ] || exit 0
own=$(command -v busybox) || die "busybox: expected in PATH (package busybox-static)"
if [ "$(dpkg --print-architecture 2>/dev/null || uname -m)" = "$DEB_ARCH" ]; then
	cp "$own" "$target"
	exit 0
fi
work=$(mktemp -d "$BUILD/.busybox.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
if [ "$DEB_ARCH" = - ]; then
	set_abi "${ABIS%% *}"
	step "busybox for $ARCH, from source" "busybox-$ARCH" build_source
else
	step "busybox for $ARCH" "busybox-$ARCH" get_package
fi
