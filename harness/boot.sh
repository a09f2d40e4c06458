#!/bin/sh
# Boot a guest and run one program in it.
#
#   boot.sh on|off LIMIT PROGRAM...
#
# LIMIT is in seconds; 0 is for interactive use. Otherwise the console goes to
# standard output. Only the guest's report on a separate serial port counts as
# success; QEMU has GRACE seconds (20) to exit after it, then it is killed.
# INITRAMFS replaces the usual initramfs.
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

PATH=$PATH:$HARNESS
state=$1 limit=$2
shift 2
make_work
result=$work/result pidfile=$work/qemu.pid
: >"$result"

console=stdio,id=console
[ "$limit" -ne 0 ] || console="$console,mux=on,signal=off -mon chardev=console"

# Only interactively, QEMU gets the terminal.
run()
{
	if [ "$limit" -eq 0 ]; then
		"$@"
	else
		timeout --foreground -k 10 "$limit" "$@" </dev/null
	fi
}

# QEMU 7.2 once hung after the guest had powered off, and ignored SIGTERM.
end_late()
{
	left=${GRACE:-20}
	while sleep 1 && kill -0 $$; do
		! grep -q '^status' "$result" || left=$((left - 1))
		[ "$left" -gt 0 ] || kill -KILL "$(cat "$pidfile")"
	done
}
end_late >/dev/null 2>&1 </dev/null &

status=0
# shellcheck disable=SC2086 # options are words
run $QEMU $KERNEL_QEMU $MACHINE ${QEMU_OPTIONS:-} $GUEST_QEMU \
	-kernel "$OUT/kernel-$state" -initrd "${INITRAMFS:-$OUT/initramfs.cpio}" \
	-pidfile "$pidfile" -chardev $console -chardev "file,id=result,path=$result" \
	-append "$(kernel_line "$@")" || status=$?
case $status in
124) say "boot: the guest did not end within $limit s" ;;
137) say "boot: QEMU did not exit and was killed" ;;
esac
grep -q '^status 0' "$result" ||
	die "the guest did not report success (QEMU: $status; guest: $(cat "$result"))"
