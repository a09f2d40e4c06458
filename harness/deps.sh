#!/bin/sh
# Install the packages that are missing.
#
#   deps.sh PURPOSE...	build, bench, check, clients, gdb, send, or a machine
set -eu
. "$(dirname "$0")/lib.sh"

# PACKAGE:PROOF, where PROOF is a command or file of the package to look for if
# there is no dpkg; by default, the command PACKAGE.
needed()
{
	case $1 in
	build)
		say gcc libc6-dev:/usr/include/stdio.h gcc-12-multilib:gcc bc bison flex \
			libelf-dev:/usr/include/libelf.h \
			libssl-dev:/usr/include/openssl/ssl.h perl python3 xz-utils:xz \
			qemu-system-x86:qemu-system-x86_64 busybox-static:busybox man-db:man \
			groff-base:groff
		;;
	bench) say gnuplot-nox:gnuplot ;;
	check)
		say groff mandoc python3-docutils:rst2html python3-git:python3 \
			python3-ply:python3 shellcheck sparse coccinelle:spatch clang-19 \
			apparmor:apparmor_parser secilc
		;;
	send)
		say git-email:/usr/lib/git-core/git-send-email \
			libmailtools-perl:/usr/share/perl5/Mail/Address.pm
		;;
	clients) sed '/^#/d' "$TOP"/clients/*/packages ;;
	gdb) say gdb ;;
	*)
		# shellcheck disable=SC1090
		. "$HARNESS/machines/$1"
		for package in $PACKAGES; do
			case $package in
			qemu-*) [ "$QEMU" = none ] || say "$package:$QEMU" ;;
			*) say "$package:$COMPILER" ;;
			esac
		done
		;;
	esac
}

# is_there PACKAGE PROOF
is_there()
{
	if command -v dpkg-query >/dev/null 2>&1; then
		[ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
	else
		[ -e "$2" ] || command -v "$2" >/dev/null 2>&1
	fi
}

missing=$(for purpose; do
	for package in $(needed "$purpose"); do
		is_there "${package%%:*}" "${package#*:}" || printf ' %s' "${package%%:*}"
	done
done)
[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	say "packages are missing; as root, run: $command"
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
step "packages: fetch the lists" apt-update apt-get update ||
	say "packages: going on with the lists that are there"
# shellcheck disable=SC2086 # a command and its words
step "packages: install$missing" apt-install $command
