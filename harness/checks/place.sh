#!/bin/sh
# The lines of the series are placed where series/placement says, or not at all:
# an anchor that is not there, or there twice, and ranges that overlap.
set -eu
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM
mkdir "$work/repo" "$work/base" "$work/tree"

# The texts have spaces for ends of lines, here and below.
lines()
{
	say "$1" | tr ' ' '\n' | sed '/^$/d; s/_/ /g'
}

# place PLACEMENT NEW OLD [COMMIT]: place the lines NEW in a file of the lines OLD.
place()
{
	lines "[file] $1" >"$work/placement"
	lines "$2" >"$work/repo/file"
	lines "$3" >"$work/tree/file"
	"$HARNESS/place.py" "$work/repo" "$work/base" "$work/tree" "${4:-}" \
		"$work/placement" file
}

# places PLACEMENT NEW OLD RESULT [COMMIT]
places()
{
	place "$1" "$2" "$3" "${5:-}"
	lines "$4" | diff - "$work/tree/file"
}

# refuses ERROR PLACEMENT NEW OLD [COMMIT]: and the file is as it was.
refuses()
{
	error=$1
	shift
	if message=$(place "$@" 2>&1); then
		return 1
	fi
	say "$message"
	say "$message" | grep -q "$error" && lines "$3" | diff - "$work/tree/file"
}

# The table's line in front of ours decides about our last column.
fits_table()
{
	say '7 here' >"$work/base/table"
	say '123 ours' >"$work/repo/file"
	say "107 $1" >"$work/tree/file"
	printf 'number 23 table\n[file]\noffset 100\nin-order  more\n' |
		"$HARNESS/place.py" "$work/repo" "$work/base" "$work/tree" "" \
			/dev/stdin file
	[ "$(tail -n 1 "$work/tree/file")" = "$2" ]
}

check "lines are placed behind their anchor" \
	places after_b 'new more' 'a b c' 'a b new more c'
check "lines are placed in front of their anchor" places before_b new 'a b c' 'a new b c'
check "a line is replaced" places replace_b 'new more' 'a b c' 'a new more c'
check "a range is replaced" \
	places 'replace_b through_}' 'new }' 'a b c } d }' 'a new } d }'
check "a line is removed" places remove_b '' 'a b c' 'a c'
check "a range is removed" places 'remove_b through_d' '' 'a b c d e' 'a e'
check "hunks with text and without go together" \
	places 'remove_b after_a remove_e through_f hunk_2 after_d' '1 2' 'a b c d e f' 'a 1 c d 2'
check "an anchor is looked for below another line" \
	places 'below_f replace_x' new 'x f a x x' 'x f a new x'
check "a commit gets its own hunks" \
	places 'commit_1 after_a commit_2 remove_b' new 'a b c' 'a new b c' 1
check "another commit gets the others" \
	places 'commit_1 after_a commit_2 remove_b hunk_2 after_c' 'new 2' 'a b c' 'a c 2' 2
check "an anchor that is not there is an error" \
	refuses 'file: anchor not found: b' after_b new 'a c'
check "an anchor that is there twice is an error" \
	refuses 'file: anchor found twice, in lines 2 and 3: b' after_b new 'a b b'
check "a range without its end is an error" \
	refuses 'file: anchor not found below line 2: a' 'replace_b through_a' new 'a b c'
check "a line that is removed twice is an error" \
	refuses 'file: line 2 is removed twice' 'remove_b remove_a through_c' '' 'a b c'
check "an anchor in a removed range is an error" \
	refuses 'file: anchor is removed by another hunk: b' \
	'remove_a through_c after_b' new 'a b c'
check "the end of a range as an anchor is an error" \
	refuses 'file: anchor is removed by another hunk: c' \
	'after_c hunk_2 replace_a through_c' '1 2' 'a b c'
check "lines without a place are an error" \
	refuses 'file: expected a hunk for its lines' remove_a new 'a b c'
check "a hunk without text is an error" \
	refuses 'file: expected a line that starts hunk 2: 2' 'after_a hunk_2 after_b' 1 'a b c'
check "a hunk that does not say where it starts is an error" \
	refuses 'line 3: expected a keyword' 'after_a after_b' '1 2' 'a b c'
check "a removal that says where it starts is an error" \
	refuses 'line 4: expected a keyword' 'after_a hunk_2 remove_b' '1 2' 'a b c'
check "a range that nothing starts is an error" \
	refuses 'line 3: expected a keyword' 'after_a through_b' 1 'a b c'
check "a commit without hunks is an error" \
	refuses 'file: expected a hunk of commit 3' 'commit_1 after_a' 1 'a b c' 3
check "a commit that comes too late is an error" \
	refuses 'line 3: expected a keyword' 'after_a commit_1 remove_b' 1 'a b c' 1
check "a table gets its own number" fits_table one '108 ours'
check "a table gets its own columns" fits_table 'one two' '108 ours more'
exit $failed
