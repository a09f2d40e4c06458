# Sum up what `gcov -t -b -c` says of one source file.
#
#   awk -v source=FILE -f coverage.awk REASONS OUTPUT
#
# REASONS has two lines "lines PERCENT" and "branches PERCENT", which have to be
# reached, and for what cannot be: the text of the line, tabs, and why.

function fail(text)
{
	print "coverage: " text
	failed = 1
}

function percent(part, all)
{
	return all ? 100 * part / all : 0
}

function explain(what,    why)
{
	why = reason[text]
	print source ":" number ": " what ": " text (why ? "\n\t" why : "")
	if (!why)
		fail(source ":" number ": expected a reason in " ARGV[1])
}

function check(what, part, all)
{
	printf "%s: %d of %d %s, %.1f %% (at least %s %%)\n", source, part, all, what,
		percent(part, all), wanted[what]
	if (percent(part, all) < wanted[what])
		fail("expected more " what " to be reached")
}

FNR == NR {
	if (/^(lines|branches)[ \t]/)
		wanted[$1] = $2
	else if (/^[^#]/ && match($0, /\t+/))
		reason[substr($0, 1, RSTART - 1)] = substr($0, RSTART + RLENGTH)
	next
}

/^ *-: *0:Source:/ { ours = substr($0, length($0) - length(source) + 1) == source }
!ours { next }

# COUNT:NUMBER:TEXT, where COUNT is - for a line without code.
/^ *([0-9]+\*?|#####|=====|-): *[0-9]+:/ {
	split($0, field, ":")
	number = field[2] + 0
	text = substr($0, length(field[1]) + length(field[2]) + 3)
	gsub(/^[ \t]+|[ \t]+$/, "", text)
	if (field[1] ~ /-$/)
		next
	lines++
	if (field[1] ~ /[0-9]/)
		lines_reached++
	else
		explain("line not reached")
}
/^branch +[0-9]+ / {
	branches++
	if (/ taken [1-9]/)
		branches_reached++
	else if (/ never executed/)
		next
	else
		explain("branch " $2 " never taken")
}

END {
	if (!lines)
		fail(source ": expected counts for it")
	check("lines", lines_reached, lines)
	check("branches", branches_reached, branches)
	exit failed
}
