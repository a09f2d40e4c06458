# Judge the console of a guest that ran ktap.
#
#   awk -v guest=NAME -v expect=pass|skip -v abis="ABI..." -f ktap.awk
#
# Prints "ok" or "not ok" for each test of each program of each ABI. A plan that
# is not there or not met, an ABI that did not run, and what the kernel prints
# when it is in trouble are failures. Each skip is shown
# with its reason, unless all tests are expected to skip.

function bad(text)
{
	print "not ok " guest ": " text
	failed = 1
}

# The end of a document at a depth: did it keep its plan?
function close_plan(depth, what)
{
	if (plan[depth] == "")
		bad(what ": no plan")
	else if (plan[depth] != seen[depth])
		bad(what ": " seen[depth] + 0 " of " plan[depth] " results")
	plan[depth] = ""
	seen[depth] = 0
}

function leaf(line, name)
{
	if (line ~ /^not ok/) {
		bad(abi " " program " " name)
		return
	}
	if (line ~ /# SKIP/) {
		skipped++
		if (expect == "pass")
			print "# skipped: " guest " " abi " " program " " name
		else
			print "ok " guest ": " abi " " program " " name
		return
	}
	if (expect == "skip")
		bad(abi " " program " " name ": expected to skip")
	else
		print "ok " guest ": " abi " " program " " name
}

/Kernel panic|Oops|BUG:|WARNING:|Call Trace:|rcu:.*stall|blocked for more than|watchdog:/ {
	bad("the kernel says: " $0)
}

{
	match($0, /^ */)
	depth = RLENGTH
	text = substr($0, RLENGTH + 1)
}

depth == 2 && text ~ /^# .* took [0-9]+ s$/ {
	print "# time: " guest " " abi " " $4
}
depth != 0 && depth != 2 && depth != 4	{ next }
text ~ /^# Subtest: / && depth == 2	{ abi = substr(text, 12); next }
text ~ /^# Subtest: / && depth == 4	{ program = substr(text, 12); next }
text ~ /^1\.\.[0-9]+/ {
	if (plan[depth] != "")
		bad(abi ": a second plan: " text)
	plan[depth] = substr(text, 4) + 0
	next
}
text !~ /^(not )?ok [0-9]+/		{ next }

{
	seen[depth]++
	name = text
	sub(/^(not )?ok [0-9]+ *(- *)?/, "", name)
}
depth == 4	{ leaf(text, name) }
depth == 2	{
	close_plan(4, abi "/" name)
	if (text ~ /^not/)
		bad(abi "/" name)
}
depth == 0	{
	close_plan(2, name)
	if (text ~ /^not/)
		bad("ABI " name)
	else
		done = done " " name
}

END {
	close_plan(0, "the guest")
	if (split(done, a) != split(abis, b))
		bad("expected the ABIs" abis ", ended well:" done)
	if (skipped)
		print "# " guest ": " skipped " skipped"
	exit failed
}
