# Hold new figures against those of the series: a result for each.
#
#   awk -v table=NAME -v percent=NUM -f bench-hold.awk OLD.csv NEW.csv
#
# A figure must not be more than so many percent above the old one.

BEGIN { FS = "," }
FILENAME == ARGV[1] { old[$1, $2, $3] = $4; next }
{
	name = table " of " $1 ": " $2 " (" $3 ")"
	compared++
}
!(($1, $2, $3) in old) {
	print "# " ARGV[1] ": expected a figure of it; make bench measures it"
	print "not ok " name
	bad = 1
	next
}
{
	was = old[$1, $2, $3]
	change = sprintf("%.1f, was %.1f", $4, was)
	if ($4 + 0 <= was * (1 + percent / 100)) {
		print "ok " name ": " change
	} else {
		print "not ok " name ": " change ", risen by more than " percent " %"
		bad = 1
	}
}
$4 + 0 < was * (1 - percent / 100) {
	print "# fell by more than " percent " %: make bench and harness/bench-accept.sh hold it there"
}
END {
	if (!compared)
		print "not ok " table ": expected figures to compare"
	exit bad || !compared
}
