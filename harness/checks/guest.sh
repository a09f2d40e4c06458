#!/bin/sh
# Boot the kernel of BASE, CONFIG and ARCH and run the selftests of every ABI.
#
#   guest.sh on		they pass
#   guest.sh off	they skip; the kernel has not got the call
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

state=$1
limit=${LIMIT:-900}

boot()
{
	"$HARNESS/boot.sh" "$state" "$limit" "$1" >"$console" 2>&1
}

# Each line of its judgement is one result; the console is there to read.
judge()
{
	tr -d '\r' <"$console" | awk -v guest="$LABEL $state" -v expect="$1" \
		-v abis="$abis" -f "$HARNESS/ktap.awk" || :
}

# run PROGRAM pass|skip: boot once, with what its tests are to do.
run()
{
	name=$(basename "$1" .sh)
	console=$BUILD/log/guest-$LABEL-$state-$name.log
	if step "guest $LABEL, $OPTION $state: $name" "boot-$LABEL-$state" boot "$1"; then
		say "ok $LABEL $state: $name: the guest reported success"
	else
		tail -n 30 "$console" | sed 's/^/# /'
		say "not ok $LABEL $state: $name: the guest reported success"
	fi
	judge "$2"
}

"$HARNESS/guest.sh" "$state"
if [ "$QEMU" = none ]; then
	say "ok $LABEL $state: kernel and tests are built; does not boot here: $MACHINE"
	exit 0
fi
abis=
for abi in $ABIS; do
	if runs_abi "$abi"; then
		abis="$abis $abi"
	elif [ -n "$FRAGMENTS" ]; then
		say "not ok $LABEL: expected a kernel that runs $abi programs"
	fi
done
if [ "$state" = on ]; then
	run /ktap pass
else
	run /enosys.sh pass
	run /ktap skip
fi
