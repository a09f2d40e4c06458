# Take the name of a bug from the reports of KCSAN that concern others: a report
# is about the series if one of its functions is in a stack of it.
#
#   awk -v functions="NAME..." -f kcsan.awk
#
# Nothing else is changed, as what programs print may be in between.

function end_report(    i)
{
	for (i = 1; i <= n; i++)
		if (i > 1 || ours)
			print line[i]
	n = ours = 0
}

# Functions stand in stacks as " NAME+0xOFFSET/0xSIZE".
function is_ours(text,    word)
{
	if (!match(text, /[A-Za-z0-9_.]+\+0x/))
		return 0
	word = substr(text, RSTART, RLENGTH - 3)
	sub(/\..*/, "", word)
	return index(" " functions, " " word " ") > 0
}

/BUG: KCSAN: /	{ end_report(); line[++n] = $0; next }
!n		{ print; next }
{
	line[++n] = $0
	ours = ours || is_ours($0)
}
/^=+$/		{ end_report() }
END		{ end_report() }
