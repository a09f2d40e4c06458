#!/bin/sh
# Install the packages that are missing.
#
#   deps.sh PURPOSE...	build (for ARCH), bench, check, clients, gdb, send, or a machine
set -eu
. "$(dirname "$0")/lib.sh"

needed()
{
	case $1 in
	build)
		say gcc libc6-dev gcc-12-multilib bc bison flex libelf-dev libssl-dev perl \
			python3 xz-utils qemu-system-x86 busybox-static man-db groff-base
		needed "$ARCH"
		;;
	bench) say gnuplot-nox ;;
	check)
		say groff mandoc python3-docutils python3-git python3-ply shellcheck sparse \
			coccinelle clang-19 apparmor secilc
		;;
	send) say git-email libmailtools-perl ;;
	clients) sed '/^#/d' "$TOP"/clients/*/packages ;;
	gdb) say gdb ;;
	*)
		# shellcheck disable=SC1090
		. "$HARNESS/machines/$1"
		say "$PACKAGES"
		;;
	esac
}

missing=$(for purpose; do
	needed "$purpose"
done | xargs -n1 | sort -u | while read -r package; do
	[ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" = "install ok installed" ] ||
		printf ' %s' "$package"
done)
[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600$missing"
if [ "$(id -u)" -ne 0 ]; then
	say "packages are missing; as root, run: $command"
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
step "packages: fetch the lists" apt-update apt-get update ||
	say "packages: going on with the lists that are there"
# shellcheck disable=SC2086 # a command and its words
step "packages: install$missing" apt-install $command
