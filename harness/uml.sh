#!/bin/sh
# Run user-mode Linux as if it were QEMU: of its options, these count.
#
#   uml.sh -m SIZE -kernel FILE -initrd FILE -append OPTIONS -chardev file,id=result,path=FILE
#
# The console is standard output and, if it has QEMU's monitor (mux=on), standard
# input; the second serial line is the result.
set -eu

memory=1G input=null
while [ $# -gt 0 ]; do
	case $1,${2:-} in
	-m,*) memory=$2 ;;
	-kernel,*) kernel=$2 ;;
	-initrd,*) initrd=$2 ;;
	-append,*) options=$2 ;;
	-chardev,*mux=on*) input=fd:0 ;;
	-chardev,*id=result,path=*) result=${2##*path=} ;;
	esac
	shift
done
# Without root= it would add one behind all options, where they are init's.
# shellcheck disable=SC2086 # options are words
exec "$kernel" "mem=$memory" "initrd=$initrd" con=null "con0=$input,fd:1" ssl=null \
	ssl1=null,fd:3 root=none power_off=1 $options 3>"$result"
