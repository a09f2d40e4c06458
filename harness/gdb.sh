#!/bin/sh
# Boot the guest that guest.sh has built with CONFIG=gdb, run the first command of
# series/demo in it, and stop it in the system call; gdb prints the backtrace. On a
# terminal, it then takes commands, and the guest ends with it.
#
#   gdb.sh [NAME]	the series whose call to stop in, by default the first
#   gdb.sh NAME SCRIPT COMMAND...
#			run this script of gdb's, and this command, until the guest ends
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

name=${1:-$NAME} abi=${ABIS%% *} limit=${LIMIT:-300} batch=-batch guest='' demo=''
console=$BUILD/log/gdb-$LABEL-$name-$abi.log
for dir in $(series_dirs); do
	! grep -qx "NAME=$name" "$dir/series/config" || demo=$dir/series/demo
done
[ -f "$demo" ] || die "$name: expected a series of this name, with a file series/demo"
command=$(sed '/^#/d; /^$/d; q' "$demo") script=$HARNESS/gdb.py
if [ $# -gt 1 ]; then
	script=$(realpath "$2")
	shift 2
	command=$*
fi
make_work
if [ -t 0 ] && [ "$script" = "$HARNESS/gdb.py" ]; then
	limit=86400 batch=
	# For gdb, which stops the guest then
	trap : INT
fi

at_exit()
{
	[ -n "$guest" ] || return 0
	kill -- "-$guest" 2>/dev/null || :
	wait "$guest" || :
}

# The path of a socket must be short. In a session of its own, QEMU gets no signals
# of the terminal, and can be ended with all of boot.sh.
cd "$work"
QEMU_OPTIONS="-S -gdb unix:gdb,server=on,wait=off" setsid \
	"$HARNESS/boot.sh" on "$limit" "/tests/$abi/${command#./}" >"$console" 2>&1 &
guest=$!
timeout 60 sh -c 'until [ -S gdb ]; do sleep 0.2; done' || die "QEMU did not start; see $console"

say "gdb: the guest boots, and runs $abi programs; its console is $console"
# shellcheck disable=SC2086 # one option or none
NAME=$name gdb -nx -q $batch -ex "directory $KERNEL_TREE" -x "$script" "$OUT/vmlinux"
