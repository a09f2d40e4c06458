#!/bin/sh
# Commands that run in the guest.
#
#   commands.sh shell		a shell at the console, for make boot
#   commands.sh demo ABI	show the commands of the file /demo and their output
#   commands.sh enosys		on a kernel without the system call, the man page's
#				example has to report that, on each ABI
#   commands.sh ltp		the programs in /ltp, and how each ended
#   commands.sh leaks COMMAND...
#				run it; what kmemleak finds then is a failure
#   commands.sh coverage [TEST...]
#				ktap, and what gcov has counted in the kernel

demo()
{
	cd "/tests/$1" || exit 1
	while read -r command; do
		case $command in
		'#'* | '') continue ;;
		esac
		echo "\$ $command"
		$command || exit 1
	done </demo
}

enosys()
{
	for dir in /tests/*/; do
		"${dir}example" 2>&1 | grep 'Function not implemented' || return 1
	done
}

ltp()
{
	for program in /ltp/*; do
		echo "${program##*/}: "
		"$program"
		echo "${program##*/} ended with status $?"
	done
}

# Not what was lost before. Objects younger than five seconds are not reported.
leaks()
{
	report=/sys/kernel/debug/kmemleak
	[ -e $report ] || exec "$@"
	echo scan >$report
	echo clear >$report
	"$@"
	status=$?
	echo scan >$report
	sleep 6
	echo scan >$report || return 1
	! grep . $report || return 1
	echo "kmemleak has found nothing"
	return $status
}

coverage()
{
	/ktap "$@"
	status=$?
	cd /sys/kernel/debug/gcov || exit 1
	find . -name '*.gcda' | while read -r file; do
		echo "gcda-begin ${file##*/}"
		base64 <"$file"
		echo gcda-end
	done
	return $status
}

/bin/busybox --install -s /bin
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
if [ "$1" = shell ]; then
	echo 'Programs are in /tests. Leave with exit, or kill QEMU with Ctrl-A x.'
	exec setsid -c /bin/sh -l
fi
"$@"
