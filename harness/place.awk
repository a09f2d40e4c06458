# Put the lines that the series adds into the files of a tree.
#
#   awk -v repo=DIR -v base=DIR -v tree=DIR -f place.awk PLACEMENT FILE...
#
# PLACEMENT says where (see its head); FILE names what to place in the tree; the
# numbers are those of the untouched base. Nothing is written unless every
# anchor of every FILE was found exactly once.

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

# Is this line of the tree the anchor of the hunk?
function matches(line, id,    word)
{
	if (how[id] != "in-order")
		return line == anchor[id]
	split(line, word)
	return word[1] == in_front[id]
}

function find_anchor(file, id, lines, n,    i, at, text)
{
	text = how[id] == "in-order" ? "the line of number " in_front[id] : anchor[id]
	for (i = 1; i <= n; i++) {
		if (!matches(lines[i], id))
			continue
		if (at)
			fail(file ": anchor found twice, in lines " at " and " i ": " text)
		at = i
	}
	if (!at)
		fail(file ": anchor not found: " text)
	return at
}

# Cut the lines to add into hunks: hunk[1..] and, for each, its text.
function cut(file, text,    lines, n, i, id)
{
	n = slurp(repo "/" file, lines)
	for (i = 1; i <= n; i++) {
		if (i == 1 || (id < hunks[file] && lines[i] == first[file, id + 1]))
			text[++id] = ""
		text[id] = text[id] renumber(lines[i], offset[file]) "\n"
	}
	if (id != hunks[file])
		fail(file ": expected " hunks[file] " hunks as in the placement file, not " id)
}

# The text for a table, with a column more where the line in front has one more.
function fit(text, line, more,    word)
{
	if (more == "" || split(line, word) != split(text, word) + 1)
		return text
	sub(/\n$/, "", text)
	return text more "\n"
}

# Keep the tree's file with the hunks in it in result[file, 1..].
function place(file,    text, lines, n, i, id, at, size)
{
	cut(file, text)
	n = slurp(tree "/" file, lines)
	for (id = 1; id <= hunks[file]; id++) {
		at = find_anchor(file, file SUBSEP id, lines, n)
		if (how[file, id] == "in-order")
			text[id] = fit(text[id], lines[at], anchor[file, id])
		if (how[file, id] == "before")
			pre[at] = pre[at] text[id]
		else
			post[at] = post[at] text[id]
		if (how[file, id] == "replace")
			gone[at] = 1
	}
	for (i = 1; i <= n; i++)
		result[file, ++size] = pre[i] (gone[i] ? "" : lines[i] "\n") post[i]
	split("", pre)
	split("", post)
	split("", gone)
	return size
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
$1 == "hunk"	{ first[file, hunks[file] + 1] = rest; next }
$1 == "after" || $1 == "before" || $1 == "replace" || $1 == "in-order" {
	sub(/\{number\}/, number, rest)
	how[file, ++hunks[file]] = $1
	in_front[file, hunks[file]] = number + offset[file] - 1
	anchor[file, hunks[file]] = rest
	next
}
{ fail(FILENAME ": line " FNR ": expected a keyword of its head, not: " $0) }

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
