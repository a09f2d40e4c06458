#!/bin/sh
# Configure and build the kernel of TREE for CONFIG and ARCH.
#
#   kernel.sh on|off	with the options of the series on or off
#   kernel.sh on|off WORD...
#			make these targets instead of the image
#
# The image is OUT/kernel-on or kernel-off. With PRE_INCLUDE, the objects of the series
# include that header first. With BUILT_IN, that directory has the image already, and the
# packer of usr/.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

state=$1
shift
is_known 'on off' "$state" || die "$state: expected on or off"
wanted=$OUT/wanted.config configured=$OUT/config-$state

# Of two settings of an option the last one counts: a machine may not support what
# the others have.
last_settings()
{
	tac | awk '{ name = $1 == "#" ? $2 : $1; sub(/=.*/, "", name) } !seen[name]++' | tac
}

write_wanted()
{
	if is_own_kernel; then
		kernel_settings "$CONFIG" | expand_settings CONFIG_
		say "$KCONFIG" | expand_settings CONFIG_
	fi
	for option in $OPTIONS; do
		if is_unknown "CONFIG_$option"; then
			continue
		elif [ "$state" = on ]; then
			say "CONFIG_$option=y"
		else
			say CONFIG_EXPERT=y
			say "# CONFIG_$option is not set"
		fi
	done
}

# If none of this has changed, neither has the configuration.
configured_from()
{
	cat "$wanted" "$configured"
	cd "$KERNEL_TREE"
	git ls-files -z '*Kconfig*' | xargs -0 sha256sum
}

# same_as FILE COMMAND: does FILE hold the hash of what the command prints?
same_as()
{
	[ "$(cat "$1")" = "$("$2" | sha256sum)" ]
} 2>/dev/null

configure()
{
	write_wanted | last_settings >"$wanted"
	if same_as "$configured.from" configured_from; then
		cmp -s "$configured" "$OUT/.config" || cp "$configured" "$OUT/.config"
		return
	fi
	if is_own_kernel; then
		kernel_make KCONFIG_ALLCONFIG="$wanted" allnoconfig
	else
		kernel_make "$CONFIG"
		cat "$wanted" >>"$OUT/.config"
		kernel_make olddefconfig
	fi
	check_config
	cp "$OUT/.config" "$configured"
	configured_from | sha256sum >"$configured.from"
}

# An option that no Kconfig file of this tree has is one of another release.
is_unknown()
{
	option=${1#CONFIG_}
	! git -C "$KERNEL_TREE" grep -q "config ${option%%=*}\$" -- '*Kconfig*'
}

# Kconfig silently drops options whose dependencies are not met.
check_config()
{
	while read -r line; do
		case $line in
		CONFIG_*) grep -Fqx "$line" "$OUT/.config" || is_unknown "$line" ;;
		'# CONFIG_'*) option=${line#\# } && ! has_option "${option%% *}" ;;
		esac || die "$OUT/.config: expected '$line' in it; see harness/kernels and harness/machines/$ARCH"
	done <"$wanted"
}

# Arguments of make: instrument the objects of the series for gcov and KCOV, and no
# others. blocks.sh needs line numbers for KCOV.
series_objects()
{
	for file in $(added_files c); do
		name=$(basename "$file" .c)
		printf 'GCOV_PROFILE_%s.o=y ' "$name"
		[ -z "${PRE_INCLUDE:-}" ] || printf 'CFLAGS_%s.o=-include%s ' "$name" "$PRE_INCLUDE"
		has_option CONFIG_KCOV || continue
		printf 'KCOV_INSTRUMENT_%s.o=y CFLAGS_%s.o=-g ' "$name" "$name"
	done
}

# If the tree has no changes and none of this has changed, neither has what is in OUT.
built_from()
{
	say "$state" "$(git -C "$KERNEL_TREE" rev-parse 'HEAD^{tree}')" "${PRE_INCLUDE:-}"
	$KCC --version
	cat "$HARNESS"/kernel*.sh "$OUT/.config"
}

is_committed()
{
	[ -z "$(git -C "$KERNEL_TREE" status --porcelain)" ]
}

take_image()
{
	mkdir -p "$OUT/usr"
	cp "$1/usr/gen_init_cpio" "$OUT/usr/"
	cp "$1/kernel-$state" "$image"
}

make_image()
{
	# shellcheck disable=SC2046 # words for make
	kernel_make $(series_objects) "$(basename "$IMAGE")"
	cp "$OUT/$IMAGE" "$image"
}

build()
{
	image=$OUT/kernel-$state
	! { [ -f "$image" ] && is_committed && same_as "$OUT/built" built_from; } || return 0
	rm -f "$OUT/built"
	if [ -n "${BUILT_IN:-}" ]; then
		take_image "$BUILT_IN"
	else
		make_image
	fi
	! is_committed || built_from | sha256sum >"$OUT/built"
}

lock "$LABEL"
mkdir -p "$OUT"
step "kernel $LABEL, $OPTIONS $state: configure" "config-$LABEL" configure
if [ $# -gt 0 ]; then
	rm -f "$OUT/built"
	step "kernel $LABEL, $OPTIONS $state: make $*" "make-$LABEL-$state" kernel_make "$@"
else
	step "kernel $LABEL, $OPTIONS $state: build" "build-$LABEL-$state" build
fi
