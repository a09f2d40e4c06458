# Ask the machine's own mirror for packages of suites that the machine does not
# have, and leave its apt as it is; to be sourced.
# shellcheck shell=sh

apt_dir=$BUILD/apt
# Where to look for linux-source beside the machine's own suite, in this order.
more_suites='trixie-backports forky-backports sid'
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

private_apt()
{
	command=apt-get
	[ "$1" != search ] || command=apt-cache
	# shellcheck disable=SC2086 # options are words
	$command ${apt_options:-} -o Dir::Etc="$apt_dir/etc" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$apt_dir/state" -o Dir::Cache="$apt_dir/cache" \
		-o APT::Sandbox::User=root "$@"
}

# The machine's own Debian sources and, from its mirror, one more suite. An index
# that cannot be downloaded is not an error, as it may not be needed.
#
#   use_suite own|SUITE [sources]	with the packages' sources too
use_suite()
{
	mkdir -p "$apt_dir/etc/preferences.d" "$apt_dir/state/lists/partial" \
		"$apt_dir/cache/archives/partial"
	{
		apt-get indextargets --format "\$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
			'Created-By: Packages' 'Origin: Debian' | sort -u
		[ "$1" = own ] || apt-get indextargets --format "\$(REPO_URI) $1 main" \
			'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
	} | sed "s,^,deb [signed-by=$keyring] ,${2:+; p; s,^deb,deb-src,}" >"$apt_dir/etc/sources.list"
	private_apt update || :
}

offered()
{
	private_apt search --names-only "^$1-[0-9.]+\$" | cut -d ' ' -f 1 | sort -V
}

# find_package NAME VERSION [any]: print NAME-VERSION and the suite that has it. If none
# has it, print nothing or, with a third argument, the newest version that a suite has,
# with a warning. What apt prints goes to a log.
find_package()
{
	newest='' newest_suite=''
	for suite in own $more_suites; do
		use_suite "$suite" >>"$BUILD/log/apt.log" 2>&1
		if offered "$1" | grep -Fqx "$1-$2"; then
			say "$1-$2 $suite"
			return
		fi
		last=$({ say "$newest" && offered "$1"; } | sort -V | tail -n 1)
		[ "$last" = "$newest" ] || newest=$last newest_suite=$suite
	done
	[ -n "${3:-}" ] && [ -n "$newest" ] || return 0
	say "WARNING: $1-$2 IS NOT OFFERED ANY MORE; TAKING $newest" >&2
	say "$newest $newest_suite"
}
