# A picture of figures, for bench.py: it sets heading, kind, items (lines or
# bars in it), their colours and the data block $data.
set title heading
set grid linecolor rgb "#dddddd"
set border 3
set tics nomirror
tics = '"10" 10, "100" 100, "1,000" 1000, "10,000" 10000, "100,000" 100000, "1,000,000" 1000000, "10,000,000" 10000000, "100,000,000" 1e8, "1,000,000,000" 1e9, "10,000,000,000" 1e10'
set logscale x
set xtics (@tics)
if (kind eq "lines") {
	set logscale y
	set ytics (@tics)
	set key outside right center Left reverse
	set xlabel "processes"
	plot for [i=1:items] $data index i-1 using 1:2 with linespoints \
		linewidth 2 pointtype 4+i linecolor rgb word(colours, i) \
		title columnheader(1)
} else {
	set yrange [items-0.4:-0.6] noreverse
	set xrange [100:*]
	unset key
	set grid noytics
	set rmargin 10
	plot $data using 2:1:(100):2:($1-0.35):($1+0.35):5:ytic(3) with boxxyerror \
		fillstyle solid noborder linecolor rgb variable, \
		$data using 2:1:4 with labels left offset 0.5
}
