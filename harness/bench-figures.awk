# Read the figures that bench.sh keeps; to be loaded with -f before a script
# that uses them. Each CSV has the name of its table and lines n,way,abi,value.

BEGIN { FS = "," }

FNR == 1 {
	table = FILENAME
	sub(/.*\//, "", table)
	is_csv = sub(/\.csv$/, "", table)
}
is_csv {
	if (FNR > 1)
		figure[table ":" $1 ":" $2 ":" $3] = $4
	if (FNR > 1 && !((table, $1) in known))
		add_size(table, $1)
	next
}

# Keep the sizes of a table in order, as size[table, 1..].
function add_size(table, n,    i)
{
	known[table, n]
	for (i = ++sizes[table]; i > 1 && size[table, i - 1] > n + 0; i--)
		size[table, i] = size[table, i - 1]
	size[table, i] = n + 0
}

# 1234567.8 as 1,234,568.
function with_commas(number,    text, out)
{
	text = sprintf("%.0f", number)
	while (length(text) > 3) {
		out = "," substr(text, length(text) - 2) out
		text = substr(text, 1, length(text) - 3)
	}
	return text out
}
