#!/bin/sh
# Install what is missing of the packages for the purposes given.
#
#   deps.sh PURPOSE...
set -eu
. "$(dirname "$0")/lib.sh"

# Not on Debian: whoever runs this knows where the tools come from.
command -v dpkg-query >/dev/null 2>&1 || {
	say "no dpkg here; expected to be installed: $(awk '/^[^#]/ { printf "%s ", $2 }' "$HARNESS/packages")"
	exit 0
}

packages_for()
{
	awk -v purpose="$1" '$1 == purpose { print $2 }' "$HARNESS/packages"
}

missing=
for purpose; do
	for package in $(packages_for "$purpose"); do
		state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || :)
		[ "$state" = "install ok installed" ] || missing="$missing $package"
	done
done
[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	say "packages are missing; as root, run: $command"
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
step "packages: fetch the lists" apt-update apt-get update
# shellcheck disable=SC2086 # a command and its words
step "packages: install$missing" apt-install $command
