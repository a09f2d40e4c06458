#!/bin/sh
# Install the packages that are missing.
#
#   deps.sh PURPOSE...	of the table packages, or a machine
set -eu
. "$(dirname "$0")/lib.sh"

# is_there PACKAGE PROOF
is_there()
{
	if command -v dpkg-query >/dev/null 2>&1; then
		[ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
	else
		[ -e "$2" ] || command -v "$2" >/dev/null 2>&1
	fi
}

# A machine's packages bring its compiler, and its QEMU.
needed()
{
	if [ ! -f "$HARNESS/machines/$1" ]; then
		sed -n "s/^$1[[:space:]]*//p" "$HARNESS/packages"
		return
	fi
	# shellcheck disable=SC1090
	. "$HARNESS/machines/$1"
	for package in $PACKAGES; do
		case $package in
		qemu-*) [ "$QEMU" = none ] || say "$package $QEMU" ;;
		*) say "$package $COMPILER" ;;
		esac
	done
}

missing=$(for purpose; do
	needed "$purpose" | while read -r package proof; do
		is_there "$package" "$proof" || printf ' %s' "$package"
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
