#!/bin/sh
# Get the base tree as a git repository, BASE_TREE of lib.sh: from LINUX, from
# Debian's source package, or from kernel.org. What is there already stays.
#
#   base.sh		get it
#   base.sh find	only find out where BASE comes from; fail if from nowhere
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/apt.sh"

# Two bases may be fetched at the same time.
apt_dir=$BUILD/apt-$BASE
source=$BUILD/.source-$BASE

unpack_package()
{
	(cd "$work" && private_apt download "$package")
	dpkg-deb --fsys-tarfile "$work"/*.deb |
		tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		tar -xJ -C "$work/tree" --strip-components=1
	dpkg-deb -f "$work"/*.deb Version | sed "s/^/$package /" >"$work/version"
}

# A server that is silent for a minute has failed.
get()
{
	if command -v curl >/dev/null 2>&1; then
		curl -fsSL --connect-timeout 60 --speed-limit 1 --speed-time 60 -o "$2" "$1"
	else
		wget -q --timeout=60 --tries=2 -O "$2" "$1"
	fi
}

url=https://cdn.kernel.org/pub/linux/kernel/v${BASE%%.*}.x
tarball=linux-$BASE.tar.xz

unpack_tarball()
{
	get "$url/sha256sums.asc" "$work/sums"
	get "$url/$tarball" "$work/$tarball"
	(cd "$work" && grep " $tarball\$" sums | sha256sum -c -)
	tar -xJf "$work/$tarball" -C "$work/tree" --strip-components=1
	say "kernel.org $tarball" >"$work/version"
}

is_on_kernel_org()
{
	get "$url/sha256sums.asc" - 2>>"$BUILD/log/apt.log" | grep -q " $tarball\$"
}

# A package and its suite, or "kernel.org". If the mirror no longer has the stable
# base, the newest release is taken; any other BASE has to exist.
find_release()
{
	[ ! -s "$source" ] || return 0
	any=
	[ "$BASE" != "$STABLE_BASE" ] || any=any
	package=$(find_package linux-source "$BASE" $any)
	if [ -z "$package" ] && is_on_kernel_org; then
		package=kernel.org
	fi
	[ -n "$package" ] ||
		die "BASE=$BASE: expected a release that Debian's mirror or kernel.org has"
	say "$package" >"$source"
}

get_release()
{
	find_release
	read -r package suite <"$source"
	if [ "$package" = kernel.org ]; then
		step "base: get and unpack $tarball of kernel.org" "base-$BASE" unpack_tarball
	else
		use_suite "$suite" >>"$BUILD/log/apt.log" 2>&1
		step "base: get and unpack $package" "base-$BASE" unpack_package
	fi
}

# Files that .gitignore names are part of the tree too, hence -f.
commit_tree()
{
	git -C "$work/tree" init -q -b base
	git -C "$work/tree" -c core.looseCompression=1 -c gc.auto=0 add -f -A
	git -C "$work/tree" -c gc.auto=0 commit -q -m "Linux $(cat "$work/version")"
}

# The user's own tree is only read: a clone that borrows its objects, or a copy.
get_user_tree()
{
	say "$LINUX" >"$work/version"
	if [ -e "$LINUX/.git" ]; then
		step "base: clone of $LINUX" base-user \
			git clone -q --shared "$LINUX" "$work/tree"
	else
		step "base: copy of $LINUX" base-user cp -a "$LINUX/." "$work/tree"
		step "base: commit" base-commit commit_tree
	fi
}

# A clone follows its source: what was committed there since is the new base. A copy
# does not.
follow_user_tree()
{
	if [ -e "$LINUX/.git" ]; then
		git -C "$BASE_TREE" fetch -q "$LINUX" HEAD
		git -C "$BASE_TREE" update-ref "$BASE_REF" FETCH_HEAD
	elif find "$LINUX" -newer "$BASE_TREE/.git/harness-version" | grep -q .; then
		say "base: $LINUX has changed; remove $BASE_TREE to have it copied again"
	fi
}

if [ "${1:-}" = find ]; then
	find_release
	exit 0
fi
[ -z "$LINUX" ] || [ ! -e "$LINUX/.git" ] ||
	git --no-optional-locks -C "$LINUX" diff --quiet HEAD ||
	say "base: what is not committed in $LINUX is left out"
lock "$BASE_NAME"
if is_our_tree "$BASE_TREE"; then
	[ -z "$LINUX" ] || follow_user_tree
	exit 0
fi

take_identity
make_work
mkdir "$work/tree"
if [ -n "$LINUX" ]; then
	get_user_tree
else
	get_release
	step "base: commit" base-commit commit_tree
fi
# No git gc in the background while the next script runs.
git -C "$work/tree" config gc.auto 0
git -C "$work/tree" config maintenance.auto false
git -C "$work/tree" update-ref "$BASE_REF" HEAD
cp "$work/version" "$work/tree/.git/harness-version"
mv "$work/tree" "$BASE_TREE"
