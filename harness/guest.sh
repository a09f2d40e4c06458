#!/bin/sh
# Make all that a guest is booted from: the tree with the series, its kernel, the
# programs, and OUT/initramfs.cpio, which has init, ktap, BusyBox, commands.sh, the
# programs and the policies of security modules that their tests need. The kernel's own
# packer needs no root. Of a machine that cannot be booted, what can be built of its
# kernel and the programs.
#
#   guest.sh [on|off]	the option of the series, on by default
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"
. "$HARNESS/apt.sh"

# A static BusyBox for ARCH: this machine's own if it fits, else that of Debian's
# package for ARCH, and where there is none, one built from Debian's source.
busybox=$BUILD/busybox-$ARCH

get_package()
{
	apt_dir=$BUILD/apt-$DEB_ARCH
	apt_options="-o APT::Architecture=$DEB_ARCH -o APT::Architectures=$DEB_ARCH"
	use_suite own
	(cd "$work" && private_apt download busybox-static)
	dpkg-deb -x "$work"/*.deb "$work"
	mv "$work/bin/busybox" "$busybox"
}

busybox_make()
{
	make -C "$work" -j"$JOBS" CROSS_COMPILE="$CROSS" CC="$ABI_CC" "$@"
}

# For commands.sh, and for interactive use of the guest's console.
busybox_settings='BUSYBOX STATIC LFS LONG_OPTS SHOW_USAGE FEATURE_INSTALLER ASH
ASH_ECHO ASH_TEST ASH_JOB_CONTROL BASE64 FEATURE_EDITING FEATURE_EDITING_MAX_LEN=1024
FEATURE_EDITING_HISTORY=99 FEATURE_TAB_COMPLETION CAT CHMOD CP DD DMESG ECHO ENV
FALSE FIND FREE GREP HEAD HEXDUMP ID KILL LESS LN LS MKDIR MOUNT MV NPROC PRINTF PS
RM SETSID SLEEP SORT STTY SYSCTL TAIL TEST TIME TOP TRUE TTY UMOUNT UNAME VI WC'

# Options that these depend on keep BusyBox's defaults.
build_busybox()
{
	wanted=$work/wanted
	say "$busybox_settings" | expand_settings CONFIG_ >"$wanted"
	use_suite own sources
	(cd "$work" && private_apt source --download-only busybox)
	tar -xf "$work"/busybox_*.orig.tar.* -C "$work" --strip-components=1
	busybox_make allnoconfig
	sed 's/^\(CONFIG_.*\)=.*/# \1 is not set/' "$wanted" | grep -vxFf - "$work/.config" |
		cat - "$wanted" >"$work/.config.new"
	mv "$work/.config.new" "$work/.config"
	yes '' | busybox_make oldconfig
	busybox_make busybox
	mv "$work/busybox" "$busybox"
}

get_busybox()
{
	if [ "$(dpkg --print-architecture)" = "$DEB_ARCH" ]; then
		ln -sf "$(command -v busybox)" "$busybox"
		return
	fi
	make_work
	if [ "$DEB_ARCH" = - ]; then
		step "busybox for $ARCH, from source" "busybox-$ARCH" build_busybox
	else
		step "busybox for $ARCH" "busybox-$ARCH" get_package
	fi
}

# compile_policy MODULE COMMAND...: that of the tests, if the kernel has the module
compile_policy()
{
	module=$1
	shift
	has_option "CONFIG_SECURITY_$(say "$module" | tr '[:lower:]' '[:upper:]')" || return 0
	for name in $NAMES; do
		source=$PROGRAMS_TREE/tools/testing/selftests/$name/policy.$module
		[ -f "$source" ] || continue
		if command -v "$1" >/dev/null 2>&1; then
			"$@" -o "$OUT/policy/$module" "$source"
		else
			say "policy.$module: not compiled, $1 is missing; tests that need it skip"
		fi
	done
}

# apparmor_parser has to be told the features of the guest's kernel (-M); otherwise it
# silently leaves out rules.
compile_policies()
{
	rm -rf "$OUT/policy"
	mkdir "$OUT/policy"
	compile_policy apparmor apparmor_parser -M /etc/apparmor.d/abi/3.0 -Q -K
	compile_policy selinux secilc -c 33 -f /dev/null
}

list_programs()
{
	say "dir /tests 755 0 0"
	say "file /tests/settings $OUT/settings 644 0 0"
	for abi in $ABIS; do
		runs_abi "$abi" || continue
		say "dir /tests/$abi 755 0 0"
		(cd "$TESTS" && find "$abi" -type f ! -name '*.c' | sort |
			sed "s,.*,file /tests/& $TESTS/& 755 0 0,")
	done
}

list()
{
	for dir in bin dev proc sys tmp etc root; do
		say "dir /$dir 755 0 0"
	done
	say "nod /dev/console 600 0 0 c 5 1"
	say "file /init $OUT/guest-init 755 0 0"
	say "file /ktap $OUT/guest-ktap 755 0 0"
	say "file /etc/passwd $OUT/passwd 644 0 0"
	say "file /bin/busybox $busybox 755 0 0"
	say "slink /bin/sh busybox 777 0 0"
	say "file /commands.sh $HARNESS/guest/commands.sh 755 0 0"
	say "file /demo $OUT/demo 644 0 0"
	list_programs
	say "dir /policy 755 0 0"
	find "$OUT/policy" -type f -printf "file /policy/%f %p 644 0 0\n"
}

# The files of all series, joined. The longest timeout comes last, and the last counts.
join_files()
{
	for name in $NAMES; do
		cat "$PROGRAMS_TREE/tools/testing/selftests/$name/settings" 2>/dev/null || :
	done | sort -t = -k 2n >"$OUT/settings"
	for dir in $(series_dirs); do
		cat "$dir/series/demo" 2>/dev/null || :
	done >"$OUT/demo"
}

"$HARNESS/tree.sh"
objects=
[ "$BUILD_ONLY" != objects ] || objects=$(added_files c | sed 's/c$/o/')
# shellcheck disable=SC2086 # words for make
"$HARNESS/kernel.sh" "${1:-on}" $objects
"$HARNESS/programs.sh"
[ -z "$BUILD_ONLY" ] || exit 0
set_abi "${ABIS%% *}"
lock "busybox-$ARCH"
[ -x "$busybox" ] || get_busybox
lock "$LABEL"
for program in init ktap; do
	# shellcheck disable=SC2086 # a command and its flag
	$ABI_CC -static -s -Wall -Wextra -O2 -isystem "$HEADERS" \
		-o "$OUT/guest-$program" "$HARNESS/guest/$program.c"
done
say 'root:x:0:0:root:/root:/bin/sh' >"$OUT/passwd"
join_files
compile_policies
list >"$OUT/initramfs.list"
"$OUT/usr/gen_init_cpio" "$OUT/initramfs.list" >"$OUT/initramfs.new"
mv "$OUT/initramfs.new" "$OUT/initramfs.cpio"
