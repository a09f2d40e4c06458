#!/bin/sh
# Configure and build the kernel of TREE for CONFIG and ARCH.
#
#   kernel.sh on|off	with the options of the series on or off
#   kernel.sh on|off WORD...
#			make these targets instead of the image
#
# The image is OUT/kernel-on or kernel-off.
# With PRE_INCLUDE, the objects of the series include that header first.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

state=$1
shift
is_known 'on off' "$state" || die "$state: expected on or off"
wanted=$OUT/wanted.config

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

configure()
{
	write_wanted | last_settings >"$wanted"
	if is_own_kernel; then
		kernel_make KCONFIG_ALLCONFIG="$wanted" allnoconfig
	else
		kernel_make "$CONFIG"
		cat "$wanted" >>"$OUT/.config"
		kernel_make olddefconfig
	fi
	check_config
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

build()
{
	# shellcheck disable=SC2046 # words for make
	kernel_make $(series_objects) "$(basename "$IMAGE")"
	cp "$OUT/$IMAGE" "$OUT/kernel-$state"
}

lock "$LABEL"
mkdir -p "$OUT"
step "kernel $LABEL, $OPTIONS $state: configure" "config-$LABEL" configure
if [ $# -gt 0 ]; then
	step "kernel $LABEL, $OPTIONS $state: make $*" "make-$LABEL-$state" kernel_make "$@"
else
	step "kernel $LABEL, $OPTIONS $state: build" "build-$LABEL-$state" build
fi
