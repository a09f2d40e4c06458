#!/bin/sh
# Boot the kernel of BASE, CONFIG and ARCH and run the selftests of every ABI.
#
#   guest.sh on	all of them pass
#   guest.sh off	they skip, as the kernel has not got the call
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

state=$1
limit=${LIMIT:-900}
console=$BUILD/log/guest-$LABEL-$state.log

boot()
{
	"$HARNESS/boot.sh" "$state" "$limit" /ktap.sh >"$console" 2>&1
}

# Each line of its judgement is one result; the console is there to read.
judge()
{
	tr -d '\r' <"$console" |
		awk -v guest="$LABEL-$state" -v state="$state" -v abis="$abis" -f "$HARNESS/ktap.awk"
}

"$HARNESS/guest.sh" "$state"
abis=
for abi in $ABIS; do
	if runs_abi "$abi"; then
		abis="$abis $abi"
	elif [ "$CONFIG" = tiny ]; then
		say "not ok $LABEL: expected a kernel that runs $abi programs"
	fi
done
if step "guest $LABEL, $OPTION $state" "boot-$LABEL-$state" boot; then
	say "ok $LABEL $state: the guest reported success"
else
	tail -n 30 "$console" | sed 's/^/# /'
	say "not ok $LABEL $state: the guest reported success"
fi
judge
