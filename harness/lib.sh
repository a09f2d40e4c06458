# Common to the scripts of the harness; to be sourced.
# shellcheck shell=sh
# shellcheck disable=SC2034 # used by those who source it

# The result must not depend on the user's locale (sort order, messages that are parsed;
# the kernel's Makefile drops LC_ALL), nor on the variables that git sets for a hook.
export LC_ALL=C.UTF-8 LANG=C.UTF-8
unset CDPATH LANGUAGE LC_MESSAGES GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY

HARNESS=${HARNESS:-$(cd "$(dirname "$0")" && pwd)}
HARNESS=${HARNESS%/checks}
TOP=$(dirname "$HARNESS")
BUILD=${BUILD:-$TOP/build}
JOBS=${JOBS:-$(nproc)}

# The defaults of what a user may set; BASE has its own in series/config.
SERIES=${SERIES:-$TOP}
CONFIG=${CONFIG:-tiny}
ARCH=${ARCH:-x86_64}
LINUX=${LINUX:-}

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2
	exit 1
}

# The directories of SERIES as words.
series_dirs()
{
	say "$SERIES" | tr : ' '
}

# check_path NAME=PATH: refuse characters that sh, make or sed would interpret.
check_path()
{
	[ -z "$(printf %s "$1" | tr -d '[:alnum:]/._+=@~\200-\377-')" ] ||
		die "$1: expected a path of letters, digits and /._+=@~-"
}

# As absolute paths, for the scripts that this one calls.
find_series()
{
	found=
	for dir in $(series_dirs); do
		check_path "SERIES=$dir"
		[ -f "$dir/series/config" ] ||
			die "SERIES=$dir: expected a directory with a file series/config"
		found=$found:$(cd "$dir" && pwd)
	done
	SERIES=${found#:}
	export SERIES
}

# A variable of each directory's series/config, as words.
of_each()
{
	for dir in $(series_dirs); do
		sed -n "s/^$1=//p" "$dir/series/config"
	done | paste -s -d ' '
}

# For what can only be done with one series.
one_series()
{
	case $SERIES in
	*:*) die "SERIES=$SERIES: expected one directory here" ;;
	esac
}

machine_names()
{
	find "$HARNESS/machines" -type f | sed 's,.*/,,' | sort | paste -s -d ' '
}

kernel_names()
{
	sed -n 's/^\[\([^]:]*\).*/\1/p' "$HARNESS/kernels" | paste -s -d ' '
}

is_known()
{
	case " $1 " in
	*" $2 "*) ;;
	*) return 1 ;;
	esac
}

# Refuse settings that cannot work, with one line and before any work begins.
check_settings()
{
	is_known "$(machine_names)" "$ARCH" ||
		die "ARCH=$ARCH: expected one of $(machine_names)"
	case $CONFIG in
	defconfig | *_defconfig | tinyconfig | all*config | randconfig) ;;
	*)
		is_known "$(kernel_names)" "$CONFIG" ||
			die "CONFIG=$CONFIG: expected one of $(kernel_names), or a target of" \
				"the kernel's own such as defconfig"
		;;
	esac
	for age in "${KERNEL:-old}" "${PROGRAMS:-old}"; do
		[ "$age" = old ] || die "KERNEL=$age or PROGRAMS=$age: expected old or nothing"
	done
	[ "$JOBS" -ge 1 ] 2>/dev/null || die "JOBS=$JOBS: expected a number of processes"
	say "$BASE" | grep -Eqx '[1-9][0-9]*\.[0-9]+(\.[0-9]+)?' ||
		die "BASE=$BASE: expected a kernel release, such as $STABLE_BASE"
	[ -n "$OLD_COMMIT" ] || [ -z "${KERNEL:-}${PROGRAMS:-}" ] ||
		die "KERNEL=old or PROGRAMS=old: expected OLD_COMMIT in series/config"
	[ -z "$LINUX" ] || [ -f "$LINUX/MAINTAINERS" ] || die "LINUX=$LINUX: expected a kernel tree"
	space=6		# GiB
	[ -z "$LINUX" ] && [ ! -d "$BUILD/linux-$BASE" ] || space=2
	free=$(df -Pk "$BUILD" | awk 'NR == 2 { printf "%d", $4 / 1024 / 1024 }')
	[ "$free" -ge "$space" ] ||
		die "$BUILD: expected $space GiB of free disk space, not $free"
}

for setting in "TOP=$TOP" "BUILD=$BUILD" "LINUX=$LINUX" "CC=${CC:-}"; do
	check_path "$setting"
done
find_series
# Of several series, the first one says what is for all of them.
asked_base=${BASE:-} asked_old=${OLD_COMMIT:-} MAN='' OLD_COMMIT=''
. "${SERIES%%:*}/series/config"
STABLE_BASE=$BASE
BASE=${asked_base:-$BASE} OLD_COMMIT=${asked_old:-$OLD_COMMIT}
NAMES=$(of_each NAME) OPTIONS=$(of_each OPTION)
mkdir -p "$BUILD/log"
check_settings

# The repository with the base: of LINUX if that is set, else of BASE.
if [ -n "$LINUX" ]; then
	LINUX=$(cd "$LINUX" && pwd)
	BASE_NAME=linux-user-$(printf %s "$LINUX" | cksum | cut -d ' ' -f 1)
else
	BASE_NAME=linux-$BASE
fi
BASE_TREE=$BUILD/$BASE_NAME
# The tree with the series on it: the same one for the series of this repository, a
# worktree for any other. TREE_NAME is for branches, locks and logs.
PLACE=$BUILD TREE_NAME=$BASE_NAME BRANCH=$NAME
if [ "$SERIES" != "$TOP" ]; then
	PLACE=$BUILD/series/$(say "$NAMES" | tr ' ' -)
	TREE_NAME=$BASE_NAME-${PLACE##*/}
	BRANCH=$TREE_NAME
fi
TREE=$PLACE/$BASE_NAME
# With KERNEL=old or PROGRAMS=old, the kernel or the programs are of the commit
# OLD_COMMIT, in a worktree of TREE. The commit of series/config has one worktree; any
# other that is asked for has one for each machine, in a directory of its own.
OLD_TREE=$TREE-old
if [ -n "$asked_old" ]; then
	PLACE=$PLACE/at-$ARCH
	OLD_TREE=$PLACE/$BASE_NAME
fi
KERNEL_TREE=$TREE PROGRAMS_TREE=$TREE
[ -z "${KERNEL:-}" ] || KERNEL_TREE=$OLD_TREE
[ -z "${PROGRAMS:-}" ] || PROGRAMS_TREE=$OLD_TREE
# The untouched base in there, whatever other branches the tree has.
BASE_REF=refs/harness/base

# The files that the series adds whole to the kernel itself, of a given ending.
added_files()
{
	for dir in $(series_dirs); do
		named_files "$dir" | grep -v "^tools/" | grep "\\.$1\$" |
			grep -Fvx "$(placed_files "$dir")" || :
	done
}

# The files that the commits of a directory name, and those that are the kernel's.
named_files()
{
	awk '/^[^#]/ { for (i = 2; i <= NF; i++) print $i }' "$1/series/commits" | sort -u
}

placed_files()
{
	sed -n 's/^\[\(.*\)\]$/\1/p' "$1/series/placement"
}

# Settings of Kconfig as words, OPTION, OPTION=VALUE or !OPTION, to lines.
expand_settings()
{
	sed '/^#/d' | tr -s ' \t' '\n' |
		sed "/^\$/d; s/^!\(.*\)/# $1\1 is not set/; t; /=/!s/\$/=y/; s/^/$1/"
}

# The programs of tests: NAME_TEST_test for each TEST, or its whole name.
test_programs()
{
	for test; do
		case $test in
		*_test) printf ' %s' "$test" ;;
		*) printf ' %s_%s_test' "$NAME" "$test" ;;
		esac
	done
}

# Create the directory $work, which is removed when the script ends.
make_work()
{
	work=$(mktemp -d "$BUILD/.work.XXXXXX")
	trap 'at_exit; rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT PIPE TERM
}

at_exit()
{
	:
}

# only_files_of COMMIT PATCH...: a worktree in work/tree of the files that they change;
# git forgets those of earlier runs
only_files_of()
{
	git -C "$BASE_TREE" worktree prune
	git -C "$BASE_TREE" worktree add -q --detach --no-checkout "$work/tree" "$1"
	shift
	sed -n 's,^diff --git a/\([^ ]*\) .*,/\1,p' "$@" | sort -u |
		git -C "$work/tree" sparse-checkout set --no-cone --stdin
	git -C "$work/tree" checkout -q
}

# check NAME COMMAND...: a result; what the command prints is shown if it fails.
failed=0
check()
{
	name=$1
	shift
	set +e
	output=$(
		set -e
		"$@" 2>&1
	)
	status=$?
	set -e
	if [ "$status" -eq 0 ]; then
		say "ok $name"
	else
		say "$output" | tail -n 40 | sed 's/^/# /'
		say "not ok $name"
		failed=1
	fi
}

# Wait for other runs that use the same thing; the lock ends with the process.
lock()
{
	exec 9>"$BUILD/.lock-$1"
	flock -n 9 && return
	say "waiting for another run that has $1"
	flock 9
}

# On a terminal, show how long a log is, until the script ends.
show_progress()
{
	while sleep 1 && kill -0 $$ 2>/dev/null; do
		printf '\r%s ... %s lines ' "$1" "$(wc -l <"$2")"
	done
}

# step LABEL LOG COMMAND...: print one line for a long command, and the end of its
# log if it fails. Not to be called where sh ignores set -e.
step()
{
	label=$1 log=$BUILD/log/$2.log counter=
	shift 2
	begin=$(date +%s)
	: >"$log"
	if [ -t 1 ]; then
		show_progress "$label" "$log" 9>&- &
		counter=$!
	fi
	set +e
	(
		set -e
		"$@"
	) >"$log" 2>&1 </dev/null
	status=$?
	set -e
	if [ -n "$counter" ]; then
		kill "$counter"
		printf '\r\033[K'
	fi
	if [ "$status" -ne 0 ]; then
		say "$label: failed after $(($(date +%s) - begin)) s; the end of $log:"
		tail -n 20 "$log" | sed 's/^/# /'
		return "$status"
	fi
	say "$label: $(($(date +%s) - begin)) s"
}

# The author of commits: IDENTITY, else git's user, else the author of the patches
# that are there, so that a machine without an identity can build them.
take_identity()
{
	ident=${IDENTITY:-}
	[ -n "$ident" ] || ident=$(git_identity)
	[ -n "$ident" ] || ident=$(author_of "$TOP/patches")
	case $ident in
	?*' <'?*'>') ;;
	*) die "git has no identity; run: git config --global user.name NAME (and user.email)" ;;
	esac
	GIT_AUTHOR_NAME=${ident% <*}
	GIT_AUTHOR_EMAIL=${ident##*<}
	GIT_AUTHOR_EMAIL=${GIT_AUTHOR_EMAIL%>}
	GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
	export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
}

# The user of git's own configuration as NAME <EMAIL>, or nothing
git_identity()
{
	! git config user.name >/dev/null || ! git config user.email >/dev/null ||
		say "$(git config user.name) <$(git config user.email)>"
}

# git mailinfo decodes the name.
author_of()
{
	for patch in "$1"/*.patch; do
		[ ! -f "$patch" ] || git mailinfo /dev/null /dev/null <"$patch" |
			sed -n 's/^Author: //p; s/^Email: \(.*\)/<\1>/p' | paste -s -d ' '
	done | head -n 1
}

# Does a tree come from base.sh? Then its base is a commit in there.
is_our_tree()
{
	git -C "$1" rev-parse -q --verify $BASE_REF >/dev/null 2>&1
}
