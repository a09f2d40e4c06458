# Write the gnuplot script of one picture.
#
#   awk -v picture=NAME -v terminal=TERMINAL -v target=FILE \
#       -f bench-figures.awk -f bench-plot.awk CSV... PICTURES
#
# See series/bench/pictures. What has the same word in front of the colon of its
# title has the same colour; they differ for all eyes.

BEGIN { split("0xd55e00 0xcc79a7 0x009e73 0x7f7f7f 0x0072b2 0x000000", palette, " ") }

function colour_of(title)
{
	sub(/:.*/, "", title)
	if (!(title in colour))
		colour[title] = palette[++colours]
	return colour[title]
}

# Data that has no figure is left out. Each line is a block of its own.
function add_line(way, abi, title,    i, key, points)
{
	for (i = 1; i <= sizes[from]; i++) {
		key = from ":" size[from, i] ":" way ":" abi
		if (key in figure)
			points = points size[from, i] " " figure[key] "\n"
	}
	if (points == "")
		return
	printf "$data%d << END\n%sEND\n", ++items, points
	plots = plots (items > 1 ? ", " : "") "$data" items \
		" with linespoints linewidth 2 pointtype " 4 + items " linecolor rgb " \
		colour_of(title) " title \"" title "\""
}

function add_bar(way, abi, title,    key)
{
	key = from ":" n ":" way ":" abi
	if (key in figure)
		bars = bars sprintf("%d %s \"%s\" \"%s\" %s\n", items++, figure[key], \
				    title, with_commas(figure[key]), colour_of(title))
}

function print_head()
{
	print "set terminal " terminal
	print "set output \"" target "\""
	print "set title \"" heading "\""
	print "set grid linecolor rgb \"#dddddd\""
	print "set border 3"
	print "set tics nomirror"
}

# Powers of ten as numbers.
function print_tics(axis,    power, list)
{
	for (power = 1; power <= 7; power++)
		list = list (power > 1 ? ", " : "") "\"" with_commas(10 ^ power) "\" " 10 ^ power
	print "set logscale " axis "; set " axis "tics (" list ")"
}

function print_lines()
{
	print_tics("x")
	print_tics("y")
	print "set key outside right center Left reverse"
	print "set xlabel \"processes\"; set yrange [100:*]"
	print "plot " plots
}

function print_bars()
{
	printf "$data << END\n%sEND\n", bars
	print_tics("x")
	print "set yrange [" items - 0.4 ":-0.6] noreverse"
	print "set xrange [100:*]; unset key; set grid noytics; set rmargin 10"
	print "plot $data using 2:1:(100):2:($1-0.35):($1+0.35):5:ytic(3)" \
		" with boxxyerror fillstyle solid noborder linecolor rgb variable," \
		" $data using 2:1:4 with labels left offset 0.5"
}

/^(#|$)/ { next }
/^== / {
	split($0, word, " ")
	wanted = word[3] == picture
	if (wanted) {
		from = word[2]
		kind = word[4]
		n = word[5]
		heading = $0
		sub(/^== [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", heading)
	}
	next
}
!wanted { next }
{ split($0, part, "\t") }
kind == "lines" { add_line(part[1], part[2], part[3]) }
kind == "bars" { add_bar(part[1], part[2], part[3]) }

END {
	if (!items)
		exit
	print_head()
	if (kind == "lines")
		print_lines()
	else
		print_bars()
}
