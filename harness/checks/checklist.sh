#!/bin/sh
# docs/adding-syscalls.rst: its headings are those of the kernel's document, and each
# "FILE: ``TEXT``" in it is true, of a file of the series or else of the base.
set -eu
. "$(dirname "$0")/../lib.sh"
one_series

document=$SERIES/docs/adding-syscalls.rst
kernels=Documentation/process/adding-syscalls.rst
make_work

base_file()
{
	git -C "$BASE_TREE" show "$BASE_REF:$1"
}

# The titles, other than that of the document
headings()
{
	awk '/^(===+|---+|~~~+|\^\^\^+)$/ && last { print last } { last = $0 }' "$1" | sed 1d
}

same_headings()
{
	base_file "$kernels" >"$work/kernels.rst"
	headings "$work/kernels.rst" >"$work/kernels"
	headings "$document" | diff -u "$work/kernels" -
}

# A test is the name of its file.
content()
{
	case $1 in
	"${NAME}"_*_test) cat "$SERIES/tools/testing/selftests/$NAME/$1.c" ;;
	*) cat "$SERIES/$1" 2>/dev/null || base_file "$1" ;;
	esac >"$work/content" 2>/dev/null || die "$1: expected a file of the series, or of the base"
}

# Lines FILE TAB TEXT, some with "not in" in front; tabs of TEXT stay.
references()
{
	# shellcheck disable=SC2016 # backquotes
	grep -oE '(not in )?[[:alnum:]_][[:alnum:]_./-]*: ``[^`]+``' "$document" |
		sed 's/: ``/\t/; s/``$//'
}

# is_true FILE TEXT
is_true()
{
	content "${1#not in }"
	case $1 in
	'not in '*) ! grep -Fq -e "$2" "$work/content" ;;
	*) grep -Fq -e "$2" "$work/content" ;;
	esac
}

are_true()
{
	references >"$work/references"
	[ "$(wc -l <"$work/references")" -ge 60 ] || { say "expected 60 references"; return 1; }
	wrong=0
	while IFS= read -r reference; do
		file=${reference%%	*} wanted=${reference#*	}
		is_true "$file" "$wanted" ||
			{ say "$document: not true: $file: $wanted"; wrong=1; }
	done <"$work/references"
	return "$wrong"
}

# Analogous calls are treated specially nowhere else.
same_grep()
{
	git -C "$BASE_TREE" grep -lwE '(__NR_|sys_)?(statmount|listmount|listns)' "$BASE_REF" -- \
		arch block crypto drivers fs include init io_uring ipc kernel lib mm net samples \
		scripts security virt >"$work/found"
	sed "s,^$BASE_REF:,,; s,^arch/.*\.tbl\$,arch/*/*.tbl," "$work/found" | sort -u >"$work/grep"
	sed -n 's,^    \([^ ]*/[^ ]*\)$,\1,p' "$document" | sort | diff -u - "$work/grep"
}

"$HARNESS/base.sh"
check "the checklist has the headings of $kernels" same_headings
check "what the checklist says of files is true" are_true
check "a grep for analogous calls finds what the checklist says" same_grep
exit $failed
