# Take the name of a bug from the reports of KCSAN that concern others: a report
# is about the series if one of its functions is in the title or in a stack of it.
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

# NAME, or NAME.isra.0+0xOFFSET/0xSIZE
function is_function(word)
{
	sub(/[.+].*/, "", word)
	return word != "" && index(" " functions " ", " " word " ") > 0
}

# "data-race in ONE / OTHER", or of unknown origin "data-race in ONE+..."
function is_in_title(text,    word)
{
	sub(/.* in /, "", text)
	split(text, word, " ")
	return is_function(word[1]) || is_function(word[3])
}

function is_in_stack(text)
{
	return match(text, /[A-Za-z0-9_.]+\+0x/) &&
	       is_function(substr(text, RSTART, RLENGTH))
}

/BUG: KCSAN: /	{ end_report(); line[++n] = $0; ours = is_in_title($0); next }
!n		{ print; next }
{
	line[++n] = $0
	ours = ours || is_in_stack($0)
}
/^=+$/		{ end_report() }
END		{ end_report() }
