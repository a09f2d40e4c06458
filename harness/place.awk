# Put the lines that the series adds into the files of a tree.
#
#   awk -v repo=DIR -v base=DIR -v tree=DIR -v commit=NAME -f place.awk \
#	PLACEMENT FILE...
#
# PLACEMENT says where (see its head); FILE names what to place in the tree; the
# numbers are those of the untouched base. Of a FILE that more than one commit
# changes, only the hunks of this commit are placed. Nothing is written unless
# every anchor of every FILE was found.

function fail(text)
{
	print "place: " text > "/dev/stderr"
	failed = 1
	exit 1
}

# Read a file into the array; returns the number of lines.
function slurp(file, lines,    n, line, got)
{
	split("", lines)
	while ((got = (getline line < file)) > 0)
		lines[++n] = line
	close(file)
	if (got < 0)
		fail(file ": expected to be there")
	return n + 0
}

# The number behind the highest one in the first column of the table.
function next_free(table,    lines, n, i, word, max)
{
	n = slurp(base "/" table, lines)
	for (i = 1; i <= n; i++) {
		split(lines[i], word)
		if (word[1] ~ /^[0-9]+$/ && word[1] + 0 > max)
			max = word[1] + 0
	}
	if (!max)
		fail(table ": expected a table with numbers in it")
	return max + 1
}

# The line, with each number that stands for the series' one replaced.
function renumber(line, shift,    out, num)
{
	while (match(line, /[0-9]+/)) {
		num = substr(line, RSTART, RLENGTH)
		if (num == written + shift || num == written + shift + 1)
			num = num - written + number
		out = out substr(line, 1, RSTART - 1) num
		line = substr(line, RSTART + RLENGTH)
	}
	return out line
}

# What an anchor is compared with: a line, or the number in front of it.
function key(line, numbered,    word)
{
	if (!numbered)
		return line ""
	split(line, word)
	return word[1]
}

function find_once(file, wanted, lines, n, numbered,    i, at, text)
{
	text = (numbered ? "the line of number " : "") wanted
	for (i = 1; i <= n; i++) {
		if (key(lines[i], numbered) != wanted)
			continue
		if (at)
			fail(file ": anchor found twice, in lines " at " and " i ": " text)
		at = i
	}
	if (!at)
		fail(file ": anchor not found: " text)
	return at
}

# The first such line behind another one.
function find_below(file, wanted, lines, n, top,    i)
{
	for (i = top + 1; i <= n; i++)
		if (lines[i] "" == wanted)
			return i
	fail(file ": anchor not found below line " top ": " wanted)
}

function find_anchor(file, id, lines, n)
{
	if (how[file, id] == "in-order")
		return find_once(file, in_front[file, id], lines, n, 1)
	if (!((file, id) in above))
		return find_once(file, anchor[file, id], lines, n)
	return find_below(file, anchor[file, id], lines, n,
		find_once(file, above[file, id], lines, n))
}

# The next hunk that has text, or 0.
function next_text(file, id)
{
	while (++id <= hunks[file])
		if (how[file, id] != "remove")
			return id
	return 0
}

# Cut the lines to add into hunks: for each, its text.
function cut(file, text,    lines, n, i, id, behind)
{
	n = slurp(repo "/" file, lines)
	behind = next_text(file, 0)
	for (i = 1; i <= n; i++) {
		if (behind && (i == 1 || lines[i] "" == first[file, behind])) {
			id = behind
			behind = next_text(file, id)
		}
		text[id] = text[id] renumber(lines[i], offset[file]) "\n"
	}
	if (behind)
		fail(file ": expected a line that starts hunk " behind ": " first[file, behind])
	if (n && !id)
		fail(file ": expected a hunk for its lines in the placement file")
}

# The text for a table, with a column more where the line in front has one more.
function fit(text, line, more,    word)
{
	if (more == "" || split(line, word) != split(text, word) + 1)
		return text
	sub(/\n$/, "", text)
	return text more "\n"
}

function is_of_commit(file, id)
{
	return !((file, id) in of) || of[file, id] == commit
}

# No line goes twice, nor one that another hunk needs.
function remove(file, id, from, to, gone,    i)
{
	for (i = from; i <= to; i++) {
		if (i in gone)
			fail(file ": line " i " is removed twice: " anchor[file, id])
		gone[i] = id
	}
}

function check_anchors(file, place_of, gone,    id)
{
	for (id in place_of)
		if (place_of[id] in gone && gone[place_of[id]] != id)
			fail(file ": anchor is removed by another hunk: " anchor[file, id])
}

# Keep the tree's file with the hunks in it in result[file, 1..].
function place(file,    text, lines, n, i, id, at, to, size, pre, post, gone, place_of)
{
	cut(file, text)
	n = slurp(tree "/" file, lines)
	for (id = 1; id <= hunks[file]; id++) {
		if (!is_of_commit(file, id))
			continue
		at = to = place_of[id] = find_anchor(file, id, lines, n)
		if ((file, id) in last)
			to = find_below(file, last[file, id], lines, n, at)
		if (how[file, id] == "in-order")
			text[id] = fit(text[id], lines[at], anchor[file, id])
		if (how[file, id] == "before")
			pre[at] = pre[at] text[id]
		else
			post[to] = post[to] text[id]
		if (how[file, id] ~ /^re/)
			remove(file, id, at, to, gone)
	}
	if (!at)
		fail(file ": expected a hunk of commit " commit " in the placement file")
	check_anchors(file, place_of, gone)
	for (i = 1; i <= n; i++)
		result[file, ++size] = pre[i] (i in gone ? "" : lines[i] "\n") post[i]
	return size
}

# Each hunk with text, but the file's first one, needs the line that it starts with.
function add_hunk(    id)
{
	if (((file, hunks[file] + 1) in first) != ($1 != "remove" && next_text(file, 0)))
		bad_line()
	id = ++hunks[file]
	sub(/\{number\}/, number, rest)
	how[file, id] = $1
	in_front[file, id] = number + offset[file] - 1
	anchor[file, id] = rest
	if (file in of_commit)
		of[file, id] = of_commit[file]
}

function bad_line()
{
	fail(FILENAME ": line " FNR ": expected a keyword of its head, not: " $0)
}

BEGIN {
	for (i = 2; i < ARGC; i++) {
		wanted[i] = ARGV[i]
		delete ARGV[i]
	}
	count = ARGC
}

/^(#|[ \t]*$)/	{ next }
{ rest = substr($0, length($1) + 2) }
$1 == "number"	{ written = $2; number = next_free($3); next }
/^\[.*\]$/	{ file = substr($0, 2, length($0) - 2); next }
$1 == "offset"	{ offset[file] = $2; next }
$1 == "commit" && (!hunks[file] || file in of_commit) { of_commit[file] = $2; next }
$1 == "hunk"	{ first[file, hunks[file] + 1] = rest; next }
$1 == "below"	{ above[file, hunks[file] + 1] = rest; next }
$1 ~ /^(after|before|replace|remove|in-order)$/ { add_hunk(); next }
$1 == "through" && how[file, hunks[file]] ~ /^re/ { last[file, hunks[file]] = rest; next }
{ bad_line() }

END {
	if (failed)
		exit 1
	for (i = 2; i < count; i++) {
		if (!(wanted[i] in hunks))
			fail(wanted[i] ": expected a place for it in the placement file")
		sizes[i] = place(wanted[i])
	}
	for (i = 2; i < count; i++) {
		for (n = 1; n <= sizes[i]; n++)
			printf "%s", result[wanted[i], n] > (tree "/" wanted[i])
		close(tree "/" wanted[i])
	}
}
