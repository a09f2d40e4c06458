#!/bin/sh
# Does boot.sh end a QEMU that hangs, deaf to SIGTERM, when its guest has said all?
set -eu
. "$(dirname "$0")/lib.sh"
. "$HARNESS/kernel-lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

# make_qemu STATUS: stands in for QEMU; goes by itself in the end, come what may.
make_qemu()
{
	cat >"$work/$QEMU" <<-END
	#!/bin/sh
	trap '' TERM
	for word; do
		case \$word in
		*.pid) echo \$\$ >"\$word" ;;
		*,id=result,path=*) echo status $1 >"\${word##*path=}" ;;
		esac
	done
	exec sleep 60
	END
	chmod +x "$work/$QEMU"
}

# The limit alone would end it later.
boot()
{
	make_qemu "$1"
	PATH=$work:$PATH GRACE=2 timeout 30 "$HARNESS/boot.sh" on 40 /program
}

refuses()
{
	status=0
	boot 1 || status=$?
	[ "$status" -eq 1 ]
}

check "a QEMU that hangs after a success is ended" boot 0
check "a QEMU that hangs after a failure is ended, and that is a failure" refuses
exit $failed
