# Sum up the check of a machine, a line for each of its ABIs.
#
#   awk -v machine=NAME -f check-arch.awk ABIS RESULTS
#
# ABIS has a line "ABI ENDIANNESS" each, RESULTS is what checks/guest.sh said.
# Prints: machine ABI endianness result passed failed skipped seconds.

FNR == NR	{ abi[++n] = $1; endian[$1] = $2; next }
/^ok .*; does not boot here/	{ built = 1 }

{ sub(/^not ok/, "not") }
/^# skipped: /		{ skipped[$5]++; next }
/^# time: /		{ seconds[$5] = $6; next }
$1 != "ok" && $1 != "not"	{ next }

# "ok MACHINE on: ABI PROGRAM TEST"
{ of = ($4 in endian) ? $4 : abi[1] }
$1 == "not"		{ failed[of]++ }
$1 == "ok" && ($4 in endian)	{ passed[of]++ }

function result(a)
{
	if (failed[a])
		return "fail"
	if (passed[a])
		return "pass"
	return built ? "built" : "fail"
}

END {
	for (i = 1; i <= n; i++) {
		a = abi[i]
		print machine, a, endian[a], result(a), passed[a] + 0, failed[a] + 0,
			skipped[a] + 0, (a in seconds) ? seconds[a] : "-"
	}
}
