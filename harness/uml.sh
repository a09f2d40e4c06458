#!/bin/sh
# Run user-mode Linux as if it were QEMU: of its options, these count.
#
#   uml.sh -m SIZE -kernel FILE -initrd FILE -append OPTIONS -chardev file,id=result,path=FILE
#
# The console is standard input and output, the second serial line is the result.
set -eu

memory=1G
while [ $# -gt 0 ]; do
	case $1,${2:-} in
	-m,*) memory=$2 ;;
	-kernel,*) kernel=$2 ;;
	-initrd,*) initrd=$2 ;;
	-append,*) options=$2 ;;
	-chardev,*id=result,path=*) result=${2##*path=} ;;
	-smp,* | -chardev,* | -display,* | -mon,*) ;;
	*)
		shift
		continue
		;;
	esac
	shift 2
done
# shellcheck disable=SC2086 # options are words
exec "$kernel" "mem=$memory" "initrd=$initrd" con0=fd:0,fd:1 con=null ssl0=null \
	ssl1=null,fd:3 $options 3>"$result"
