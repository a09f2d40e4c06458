#!/bin/sh
# Check the job definitions for LAVA with LAVA itself, and run one as its dispatcher
# does, without a server.
#
#   lava.sh planted	a few tests, among them one that fails and one that skips
#   lava.sh all	the job of ARCH as it is
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"
. "$HARNESS/apt.sh"

which=$1
lava=$BUILD/lava/root
make_work

# LAVA and what it imports, for the python3 of this machine's Debian release.
# Installing it would bring 150 packages.
packages='lava-common lava-dispatcher lava-dispatcher-host lava-server python3-certifi
python3-chardet python3-configobj python3-idna python3-jinja2 python3-markupsafe
python3-netifaces python3-pexpect python3-ptyprocess python3-pyudev python3-requests
python3-setproctitle python3-six python3-tz python3-urllib3 python3-voluptuous
python3-yaml'

# Modules that are imported, but not used unless a job has a file system, stay empty.
unpack_lava()
{
	apt_dir=$BUILD/apt-lava
	use_suite own
	cd "$work"
	# shellcheck disable=SC2086 # a list of names
	private_apt download $packages
	mkdir root
	for package in *.deb; do
		dpkg-deb -x "$package" root
	done
	: >root/usr/lib/python3/dist-packages/guestfs.py
	: >root/usr/lib/python3/dist-packages/magic.py
	sed -i "s,/var/lib/lava,$BUILD/lava/var," \
		root/usr/lib/python3/dist-packages/lava_common/constants.py
	mkdir -p "$BUILD/lava"
	mv root "$lava"
}

# With Debian's python3, whichever comes first
python()
{
	PYTHONPATH=$lava/usr/lib/python3/dist-packages \
		timeout -k 60 "${LIMIT:-1800}" /usr/bin/python3 "$@"
}

schema()
{
	python "$lava/usr/share/lava-common/lava-schema.py" "$@"
}

# A job of each machine; the program that checks them has to find an error.
check_jobs()
{
	"$HARNESS/lava.py" write >"$work/jobs"
	while read -r job; do
		check "lava: schema of $(basename "$job")" schema job --strict "$job"
	done <"$work/jobs"
	sed 's/^visibility:.*//' "$(head -n 1 "$work/jobs")" >"$work/bad.yaml"
	check "lava: the schema finds a planted error" finds_error
}

finds_error()
{
	! schema job --strict "$work/bad.yaml" >"$work/said" && grep 'visibility' "$work/said"
}

# A test of the guest whose results are known: print the files for the packer
write_planted()
{
	mkdir -p "$work/planted"
	cat >"$work/planted/${NAME}_planted_test" <<-'END'
		#!/bin/sh
		printf '1..3\nok 1 planted.passes\nnot ok 2 planted.fails\n'
		printf 'ok 3 planted.skips # SKIP planted\n'
		exit 1
	END
	chmod +x "$work/planted/${NAME}_planted_test"
	{
		cat "$TESTS/$abi/list"
		say "${NAME}_planted_test"
	} >"$work/planted/list"
	list_tree "$work/planted" "/tests/$abi"
}

# What a job gets from LAVA_URL
publish()
{
	mkdir -p "$work/$LABEL"
	ln -s "$OUT/kernel-on" "$work/$LABEL"
	write_planted | more_initramfs >"$work/$LABEL/initramfs.cpio"
}

run_job()
{
	python "$HARNESS/lava.py" device "$1" "$lava/usr/share/lava-server/device-types" \
		>"$work/device.yaml"
	schema device "$work/device.yaml"
	say 'dispatcher_ip: 127.0.0.1' >"$work/dispatcher.yaml"
	python "$lava/usr/bin/lava-run" --job-id "$$" --output-dir "$work/out" \
		--device "$work/device.yaml" --dispatcher "$work/dispatcher.yaml" "$1"
}

results()
{
	grep "^$1 lava: " "$work/results" | sort
}

# Exactly what is planted fails or is skipped.
is_as_planted()
{
	cat "$work/results"
	results 'not ok' >"$work/got"
	sort >"$work/expected" <<-END
		not ok lava: $NAME-$abi planted_fails
		not ok lava: $NAME-$abi ${NAME}_planted_test
		not ok lava: $NAME-guest status
	END
	diff "$work/expected" "$work/got"
	results '# skipped:' | grep -Fqx "# skipped: lava: $NAME-$abi planted_skips"
	results ok | grep -Fqx "ok lava: $NAME-$abi planted_passes"
	# Every ABI has run its test.
	for other in $ABIS; do
		results ok | grep -Fqx "ok lava: $NAME-$other ${NAME}_args_test"
	done
}

abi=${ABIS%% *}
lock lava
[ -d "$lava" ] || step "lava: get and unpack it" lava-unpack unpack_lava
check_jobs
"$HARNESS/guest.sh" on
case $which in
planted)
	publish
	LAVA_URL=file://$work "$HARNESS/lava.py" write "$ARCH" "$work/job.yaml" \
		args planted >/dev/null
	job=$work/job.yaml
	;;
all) job=$BUILD/lava/$ARCH.yaml ;;
*) die "$which: expected planted or all" ;;
esac
# lava-run succeeds even if a test of the job fails.
check "lava: lava-run runs the job of $ARCH to its end" \
	step "lava $LABEL: run a job" "lava-$LABEL-$which" run_job "$job"
"$HARNESS/lava.py" count "$BUILD/log/lava-$LABEL-$which.log" >"$work/results" || :
if [ "$which" = planted ]; then
	check "lava: planted results are counted, and no others" is_as_planted
else
	cat "$work/results"
fi
tail -n 1 "$work/results"
exit $failed
