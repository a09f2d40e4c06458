#!/bin/sh
# Run in the guest: all test programs below /tests, a directory for each ABI,
# with their output as one KTAP document, nested by ABI and program.
#
#   /tests/ABI/list	names the programs, one a line
#   /tests/settings	as kselftest has it: timeout=SECONDS for a program

timeout=45
# shellcheck disable=SC1091 # of the guest
[ -f /tests/settings ] && . /tests/settings

indent()
{
	sed "s/^/$1/"
}

# The status of a program that writes to a pipe goes through a file.
run_program()
{
	echo "    # Subtest: $2"
	{
		cd "/tests/$1" && timeout -s KILL "$timeout" "./$2" 2>&1
		echo $? >/tmp/status
	} | indent '    '
	status=$(cat /tmp/status)
	case $status in
	0) echo "  ok $3 $2" ;;
	4) echo "  ok $3 $2 # SKIP" ;;
	*) echo "  not ok $3 $2 # exit status $status"; failed=1 ;;
	esac
}

run_abi()
{
	echo '  KTAP version 1'
	echo "  # Subtest: $1"
	echo "  1..$(wc -l <"/tests/$1/list")"
	failed=0 number=0
	while read -r program; do
		number=$((number + 1))
		run_program "$1" "$program" $number
	done <"/tests/$1/list"
	return $failed
}

/bin/busybox --install -s /bin
echo 'KTAP version 1'
set -- /tests/*/
echo "1..$#"
result=0 abis=0
for dir; do
	abi=$(basename "$dir") abis=$((abis + 1))
	if run_abi "$abi"; then
		echo "ok $abis $abi"
	else
		echo "not ok $abis $abi"
		result=1
	fi
done
exit $result
