#!/bin/sh
# Print the example program of a man page.
#
#   example.sh PAGE
set -eu
. "$(dirname "$0")/lib.sh"

# In a page, a line that starts with a dot is for roff, \& is nothing, and a few
# characters have names.
program=$(sed -n '/^\.\\" SRC BEGIN/,/^\.\\" SRC END/p' "$1" |
	sed '/^\./d; s/\\&//g; s/\\\[rs\]/\\/g; s/\\\[aq\]/'"'"'/g; s/\\-/-/g; s/\\e/\\/g')
[ -n "$program" ] || die "$1: expected a program between SRC BEGIN and SRC END"
printf '%s\n' "$program"
