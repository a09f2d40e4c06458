#!/bin/sh
# The files and tests that README.rst, CONTRIBUTING.rst and docs/results.rst name
# exist; checklist.sh looks at those of docs/adding-syscalls.rst.
set -eu
. "$(dirname "$0")/../lib.sh"
one_series

# What the documents have of a pattern, a word each.
named()
{
	say "$text" | grep -oE "(^|[^[:alnum:]/._])$1" | sed 's/^[^[:alnum:]]//' | sort -u
}

exist()
{
	text=$(cd "$SERIES" && cat README.rst CONTRIBUTING.rst docs/results.rst)
	files=$(named '(clients|docs|harness|kernel|ltp|man2|new|patches|proof|series|tools)/[[:alnum:]_./-]*[[:alnum:]]')
	tests=$(named "${NAME}_[a-z_]*_test")
	[ -n "$files" ]
	[ -n "$tests" ]
	for file in $files; do
		[ -e "$SERIES/$file" ] || { say "$file: expected it to exist"; return 1; }
	done
	for test in $tests; do
		[ -n "$(find "$SERIES/tools" "$SERIES/proof" -name "$test.c")" ] ||
			{ say "$test: expected a test of this name"; return 1; }
	done
}

check "the files and tests that the documents name exist" exist
exit $failed
