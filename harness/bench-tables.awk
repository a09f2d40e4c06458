# Print tables of figures.
#
#   awk -f bench-figures.awk -f bench-tables.awk CSV... ROWS
#
# ROWS says what is in them, see series/bench/rows. A table has a column for
# each N that it has a figure of.

# The figure of a row, or the ratio of two; "" if it is not there.
function cell(n, way, abi,    part, a, b)
{
	split(way, part, "/")
	a = block ":" n ":" part[1] ":" abi
	b = block ":" n ":" part[2] ":" abi
	if (!(a in figure))
		return ""
	if (part[2] == "")
		return with_commas(figure[a])
	return (b in figure) && figure[b] ? sprintf("%.1f", figure[a] / figure[b]) : ""
}

# The sizes of the block that have a figure, in column[1..].
function find_columns(    i, row, used)
{
	columns = 0
	for (i = 1; i <= sizes[block]; i++) {
		used = 0
		for (row = 1; row <= rows; row++)
			used = used || cell(size[block, i], ways[row], abis[row]) != ""
		if (used)
			column[++columns] = size[block, i]
	}
}

function print_block(    row, i, width)
{
	find_columns()
	if (rows && columns) {
		width = length(heading)
		for (row = 1; row <= rows; row++)
			if (length(titles[row]) > width)
				width = length(titles[row])
		printf "%s%-*s", blocks++ ? "\n" : "", width, heading
		for (i = 1; i <= columns; i++)
			printf " %9s", "N=" with_commas(column[i])
		print ""
		for (row = 1; row <= rows; row++) {
			printf "%-*s", width, titles[row]
			for (i = 1; i <= columns; i++)
				printf " %9s", cell(column[i], ways[row], abis[row])
			print ""
		}
	}
	rows = 0
}

/^(#|$)/ { next }
/^== / {
	print_block()
	split($0, word, " ")
	block = word[2]
	heading = substr($0, length(word[2]) + 5)
	next
}
{
	if (split($0, part, "\t") != 3) {
		print FILENAME ": line " FNR ": expected WAY, ABI and a title, not: " $0 > "/dev/stderr"
		exit 1
	}
	ways[++rows] = part[1]
	abis[rows] = part[2]
	titles[rows] = part[3]
}
END { print_block() }
