#!/bin/sh
# Print the example program of a man page or of a reStructuredText document.
#
#   example.sh DOCUMENT
set -eu
. "$(dirname "$0")/lib.sh"

# In a page, a line that starts with a dot is for roff, \& is nothing, and a few
# characters have names. In reStructuredText, the program is indented by four
# spaces.
case $1 in
*.rst) program=$(sed -n '/^\.\. SRC BEGIN/,/^\.\. SRC END/{s/^    //p; /^$/p;}' "$1") ;;
*)
	program=$(sed -n '/^\.\\" SRC BEGIN/,/^\.\\" SRC END/p' "$1" |
		sed '/^\./d; s/\\&//g; s/\\\[rs\]/\\/g; s/\\\[aq\]/'"'"'/g; s/\\-/-/g; s/\\e/\\/g')
	;;
esac
[ -n "$program" ] || die "$1: expected a program between SRC BEGIN and SRC END"
printf '%s\n' "$program"
