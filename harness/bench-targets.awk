# Hold figures against the targets: met, missed, or not measured.
#
#   awk -f bench-figures.awk -f bench-targets.awk CSV... TARGETS
#
# See series/bench/targets.

# The figure that an expression stands for, "" if it is not there.
function value_of(expression,    part, n, change)
{
	n = split(expression, part, " ")
	if (!(part[1] in figure) || (n == 3 && !(part[3] in figure)))
		return ""
	if (n == 1)
		return figure[part[1]]
	if (!figure[part[3]])
		return ""
	if (part[2] == "/")
		return figure[part[1]] / figure[part[3]]
	if (part[2] == ":")
		return 100 * figure[part[1]] / figure[part[3]]
	change = 100 * (figure[part[1]] - figure[part[3]]) / figure[part[3]]
	return change < 0 ? -change : change
}

function verdict(value, comparison, target)
{
	if (value == "")
		return "not measured"
	if (target == "-")
		return ""
	if (comparison == "<=")
		return value + 0 <= target + 0 ? "met" : "missed"
	return value + 0 >= target + 0 ? "met" : "missed"
}

function shown(value)
{
	if (value == "" || value == "-")
		return "-"
	if (value >= 1000 || value == int(value))
		return with_commas(value)
	return sprintf(value < 10 ? "%.2f" : "%.1f", value)
}

/^(#|$)/ { next }
!started++ { printf "%-52s %10s %13s\n", "What is to be reached", "measured", "target" }
{
	if (split($0, part, "\t") != 4) {
		print FILENAME ": line " FNR ": expected four fields with tabs between: " $0 > "/dev/stderr"
		exit 1
	}
	value = value_of(part[2])
	line = sprintf("%-52s %10s %2s %10s  %s", part[1], shown(value), part[3], \
		       shown(part[4]), verdict(value, part[3], part[4]))
	sub(/ +$/, "", line)
	print line
}
