#!/bin/sh
# The harness itself: does it see what is wrong? A guest's console that ends
# early, a figure that rose, and a machine that said nothing.
set -eu
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM

good_console()
{
	cat <<-'END'
	KTAP version 1
	1..1
	  # Subtest: m64
	  1..1
	    # Subtest: a_test
	    1..2
	    ok 1 first
	    ok 2 second # SKIP no reason
	  ok 1 a_test
	ok 1 m64
	END
}

# judge SED [pass|skip]: the verdict on the good console after an edit.
judge()
{
	good_console | sed "$1" | awk -v guest=self -v expect="${2:-pass}" -v abis=m64 \
		-f "$HARNESS/ktap.awk"
}

refuses()
{
	! judge "$@"
}

# hold NEW...: against 1,000 instructions for all, of which 3 % more are let pass.
hold()
{
	printf 'n,way,abi,value\n10,all,m64,1000\n' >"$work/self.csv"
	printf '%s\n' "$@" | sed '/^$/d' >"$work/new"
	"$HARNESS/bench.py" hold "$work" self 3 "$work/new"
}

refuses_figure()
{
	! hold "$@"
}

# arch_table SED: the closing table of a machine with two ABIs after an edit of
# what its check said.
arch_table()
{
	printf '%s\n' 'ok self on: ktap: the guest reported success' 'ok self on: m64 a first' \
		'# skipped: self on m64 a second' '# time: self on m64 7' 'ok self on: m32 a first' |
		sed "$1" >"$work/results"
	printf 'm64 little\nm32 big\n' |
		awk -v machine=self -f "$HARNESS/check-arch.awk" - "$work/results" >"$work/rows"
	awk -f "$HARNESS/table.awk" "$work/rows"
}

counts_machine()
{
	arch_table "$1" | grep -q '^self *m64 *little *pass *1 *0 *1 *7$' &&
		arch_table "$1" | grep -q ' 1 passed (0 big-endian; 1 compat ABIs)'
}

refuses_machine()
{
	! arch_table "$1"
}

# refuses_setting TEXT NAME=VALUE...: with one line that has the text in it.
refuses_setting()
{
	text=$1
	shift
	! env "$@" "$HARNESS/settings.sh" >"$work/said" 2>&1 || return 1
	cat "$work/said"
	[ "$(wc -l <"$work/said")" -eq 1 ] && grep -q "$text" "$work/said"
}

# The same of make, which says nothing else either.
make_refuses()
{
	! make -C "$TOP" --no-print-directory boot "$1" >"$work/said" 2>&1 || return 1
	cat "$work/said"
	[ "$(wc -l <"$work/said")" -eq 1 ] && grep -q 'expected' "$work/said"
}

is_full()
{
	printf '%s\n' '#!/bin/sh' 'echo; echo / 99999999 99000000 999999 99% /' >"$work/df"
	chmod +x "$work/df"
	refuses_setting 'expected 2 GiB of free disk space, not 0' PATH="$work:$PATH"
}

takes_setting()
{
	env "$@" "$HARNESS/settings.sh"
}

check "an unknown ARCH is refused" refuses_setting 'ARCH=vax: expected one of x86_64' ARCH=vax
check "an unknown CONFIG is refused" refuses_setting 'CONFIG=nope: expected one of tiny' CONFIG=nope
check "a CONFIG of the kernel's own is taken" takes_setting CONFIG=defconfig
check "a BASE that is no release is refused" refuses_setting 'BASE=x: expected a kernel release' BASE=x
check "a LINUX that is no kernel is refused" refuses_setting 'expected a kernel tree' LINUX=/proc
check "a path with a space in it is refused" refuses_setting 'without spaces' BUILD="/tmp/a b"
check "a full disk is refused" is_full
check "make refuses with one line" make_refuses ARCH=vax
check "a good console passes" judge ''
check "a test that fails is seen" refuses 's/    ok 1/    not ok 1/'
check "a test that is missing is seen" refuses '/ok 1 first/d'
check "a missing plan is seen" refuses '/    1../d'
check "a program that did not end is seen" refuses "/  ok 1 a_test/,\$d"
check "an ABI that did not run is seen" refuses '/^  /d; /^ok/d'
check "an empty console is seen" refuses "1,\$d"
check "an oops is seen" refuses '2s/^/BUG: unable to handle page fault\n/'
check "a test that should skip and does not is seen" refuses '' skip
check "a figure that is the same passes" hold 10,all,m64,1030
check "a figure that rose is seen" refuses_figure 10,all,m64,1031
check "a figure that has nothing to be held against is seen" refuses_figure 10,id,m64,1
check "figures that are missing are seen" refuses_figure ''
check "a machine that passes is counted" counts_machine ''
check "a machine's failed test is seen" refuses_machine 's/ok self on: m32/not &/'
check "a machine's ABI that did not run is seen" refuses_machine '/m32/d'
check "a machine that said nothing is seen" refuses_machine "1,\$d"
exit $failed
