#!/bin/sh
# Install what is missing for the purposes given.
#
#   deps.sh PURPOSE...
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

missing=$(for purpose; do
	while read -r what package proof; do
		case ,$what, in
		*,"$purpose",*) is_there "$package" "$proof" || printf ' %s' "$package" ;;
		esac
	done <"$HARNESS/packages"
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
