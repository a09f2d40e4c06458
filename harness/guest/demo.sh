#!/bin/sh
# Show the commands that the file /demo lists and what they print.
#
#   demo.sh ABI		whose programs to take

/bin/busybox --install -s /bin
cd "/tests/$1" || exit 1
while read -r command; do
	case $command in
	'#'* | '') continue ;;
	esac
	echo "\$ $command"
	$command || exit 1
done </demo
