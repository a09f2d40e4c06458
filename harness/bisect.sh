#!/bin/sh
# Walk the series: the kernel of each commit is built with the option on and off,
# boots, and passes the selftests that are there by then, or skips them.
#
#   bisect.sh [COMMIT...]	of series/commits, by default all that can change a
#				kernel or a test
#
# MACHINES has other machines than x86_64 and arm64; each one runs the first of its
# ABIs.
set -eu
. "$(dirname "$0")/lib.sh"
one_series

table=$BUILD/bisect.list

# All but those of documents
commits_to_test()
{
	awk '/^[^#]/ {
		for (i = 2; i <= NF; i++)
			if ($i !~ /^(Documentation\/|MAINTAINERS$)/) {
				print $1
				next
			}
	}' "$SERIES/series/commits"
}

commits=${*:-$(commits_to_test)}
for commit in $commits; do
	commits_to_test | grep -Fqx "$commit" ||
		die "$commit: expected one of $(commits_to_test | paste -s -d ' ')"
done
say '[bisect]' >"$table"
for machine in ${MACHINES:-x86_64 arm64}; do
	# shellcheck disable=SC1090
	abi=$(. "$HARNESS/machines/$machine" && say "$ABI_TABLE" | sed -n '2s/[[:space:]].*//p')
	for commit in $commits; do
		for state in on off; do
			say "ARCH=$machine,KERNEL=old,PROGRAMS=old,OLD_COMMIT=$commit,ABIS=$abi guest $state"
		done
	done
done >>"$table"
exec "$HARNESS/check.py" bisect "$table"
