# Print the rows of check-arch.awk as a table, and count; fails if one did.

function row(a, b, c, d, e, f, g, h)
{
	printf "%-10s %-8s %-7s %-7s %7s %7s %7s %7s\n", a, b, c, d, e, f, g, h
}

BEGIN	{ row("machine", "ABI", "endian", "result", "passed", "failed", "skipped", "seconds") }

{ row($1, $2, $3, $4, $5, $6, $7, $8) }
!($1 in state)	{ state[$1] = $4; endian[$1] = $3; machines++ }
$1 == last && $4 == "pass"	{ compat++ }
$4 == "fail"	{ state[$1] = "fail" }
{ last = $1 }

END {
	for (m in state) {
		count[state[m]]++
		big += state[m] == "pass" && endian[m] == "big"
	}
	printf "%d machines: %d passed (%d big-endian; %d compat ABIs), %d only built, %d failed\n",
		machines, count["pass"], big, compat, count["built"], count["fail"]
	exit !machines || count["fail"] > 0
}
