#!/bin/sh
# After each commit of the series the kernel builds without a warning, with the
# option on and off.
#
# The image is built after the last commit alone. After each other commit that
# can change it, make compiles the C files that the series changes, and what else
# depends on the files of the commit, and links vmlinux. A file that merely includes a
# header stays as compiled after the last commit if the series only adds or removes whole
# declarations there: nothing but the C files that it changes can use these. The same
# holds for headers generated from the tables, as long as these only gain lines.
#
# On the way, the kernel of OLD_COMMIT is made, which the rows with KERNEL=old boot.
#
#   steps.sh [whole]	build that one as a whole, too: it has to be the same
set -eu
. "$(dirname "$0")/../lib.sh"
. "$HARNESS/kernel-lib.sh"
one_series
# ABI_KARCH is the name of the directory: x86, not x86_64
set_abi "${ABIS%% *}"

series=$BASE_REF..$BRANCH
saved=

# Restore the times of the files too, so that other kernels are not built anew.
at_exit()
{
	git -C "$TREE" checkout -q -f "$BRANCH"
	if [ -n "$saved" ]; then
		tar -xf "$saved" -C "$TREE"
		git -C "$TREE" update-index -q --refresh
	fi
}

title_of()
{
	git -C "$TREE" log -1 --format=%s "$1"
}

changed_files()
{
	git -C "$TREE" diff --no-renames --name-only "$@"
}

# The build does not read the file.
is_elsewhere()
{
	case $1 in
	*Kconfig* | arch/"$KARCH"/* | arch/"$ABI_KARCH"/*) return 1 ;;
	Documentation/* | MAINTAINERS | arch/* | tools/testing/*) ;;
	*) return 1 ;;
	esac
}

can_change_image()
{
	for file in $(changed_files "$1"); do
		is_elsewhere "$file" || return 0
	done
	return 1
}

# no_warnings STATE build|make: in the logs of kernel.sh.
no_warnings()
{
	! grep -n -i -e 'warning:' -e 'error:' \
		"$BUILD/log/config-$LABEL.log" "$BUILD/log/$2-$LABEL-$1.log"
}

build_image()
{
	"$HARNESS/kernel.sh" "$1" || return 1
	no_warnings "$1" build
}

# Go on in a copy of the build: the other kernels are of the last commit.
copy_build()
{
	built=$OUT
	export LABEL_MORE=-steps
	. "$HARNESS/kernel-lib.sh"
	rm -rf "$OUT"
	cp -a "$built" "$OUT"
}

# Refresh the index, as checkout -f writes files anew whose time has changed.
touch_files()
{
	sed "s,^,$TREE/," | xargs -r touch -c "$@"
	git -C "$TREE" update-index -q --refresh
}

# Generate the unistd_*.h from the system call tables, with an old time, so that make
# leaves alone what includes them. The programs in tools/ are built again in a copy, as
# the path of the directory is in their commands; what they are is the same.
prepare()
{
	"$HARNESS/kernel.sh" on prepare
	find "$OUT/arch" -name 'unistd_*.h' -exec touch -r "$work/start" {} +
	find "$OUT/tools" -type f -exec touch -r "$work/start" {} +
	grep '\.tbl$' "$work/changed" | touch_files -r "$work/start"
}

# Going back to the base changes all headers of the series. They get an old time, too:
# what includes them stays as of the last commit.
start_at_base()
{
	changed_files "$series" >"$work/changed"
	changed_files --diff-filter=d "$series" | tar -cf "$work/branch.tar" -C "$TREE" -T -
	saved=$work/branch.tar
	git -C "$TREE" checkout -q -f --detach "$BASE_REF"
	prepare
	grep '\.h$' "$work/changed" | touch_files -r "$work/start"
}

# Up to the last commit, do the tables only gain lines, or stay as they are?
only_grow()
{
	since=$1
	shift
	! git -C "$TREE" diff --numstat "$since..$BRANCH" -- "$@" | cut -f 2 | grep -q '[^0]'
}

# Of the headers of standard input, print those in which the series does more than add
# or remove whole declarations: a change is within braces, has a line for the
# preprocessor, removes anything but a function, or declares one anew.
changed_inside()
{
	while read -r file; do
		git -C "$TREE" diff -U1000000 "$BASE_REF" "$BRANCH" -- "$file" | awk '
			!body { body = /^@@/; next }
			{ sign = substr($0, 1, 1); text = substr($0, 2) }
			(sign != " ") != changed { changed = !changed; if (old || new) bad = 1 }
			changed && text ~ /^[ \t]*#/ { bad = 1 }
			changed && match(text, /[A-Za-z0-9_]+\(/) {
				name = substr(text, RSTART, RLENGTH)
				if (name in of && of[name] != sign) bad = 1
				of[name] = sign
			}
			sign == "-" && text !~ /\(/ { bad = 1 }
			{ n = gsub(/\{/, "", text) - gsub(/\}/, "", text) }
			sign != "+" { old += n }
			sign != "-" { new += n }
			END { exit bad }' || say "$file"
	done
}

check_out()
{
	git -C "$TREE" checkout -q -f --detach "$1"
	grep '\.c$' "$work/changed" | touch_files
	changed_files "$1^..$1" | grep '\.h$' >"$work/headers" || :
	touch_files -r "$work/start" <"$work/headers"
	changed_inside <"$work/headers" | touch_files
	# shellcheck disable=SC2046 # files of the kernel have no spaces
	set -- "$1" $(changed_files "$1^..$1" | grep '\.tbl$')
	[ $# -eq 1 ] || ! only_grow "$@" || prepare
}

# An object as of the last commit may refer to a symbol that is not there yet. Then
# it is compiled for this commit, once.
build_step()
{
	: >"$work/compiled"
	until "$HARNESS/kernel.sh" "$1" vmlinux; do
		no_warnings "$1" make || return 1
		sed -n 's/^[^ ]*ld[^ ]*: \([^ :]*\.o\):.*/\1/p' "$BUILD/log/make-$LABEL-$1.log" |
			sort -u | grep -Fvx -f "$work/compiled" >"$work/objects" || return 1
		(cd "$OUT" && xargs rm -f) <"$work/objects"
		cat "$work/objects" >>"$work/compiled"
	done
	no_warnings "$1" make
}

# What includes a header in which later commits change more is compiled again.
make_old_kernel()
{
	changed_files "$old..$BRANCH" | grep '\.h$' | changed_inside | touch_files
	"$HARNESS/kernel.sh" on
	LABEL_MORE='' KERNEL=old BUILT_IN=$OUT "$HARNESS/kernel.sh" on
}

same_as_whole()
{
	LABEL_MORE=-whole KERNEL=old "$HARNESS/kernel.sh" on
	cmp "$OUT/kernel-on" "$OLD_TREE/$TREE_NAME-old-$CONFIG-$ARCH-whole/kernel-on"
}

old=
if [ -n "$OLD_COMMIT" ]; then
	KERNEL=old "$HARNESS/tree.sh"
	old=$(git -C "$OLD_TREE" rev-parse HEAD)
else
	"$HARNESS/tree.sh"
fi
# Nobody else may find a commit in there that is not the last one.
lock "$TREE_NAME"
make_work
rm -rf "$OUT"
touch "$work/start"
for state in off on; do
	check "builds with $OPTION $state after all commits" build_image $state
done
copy_build
start_at_base
for commit in $(git -C "$TREE" rev-list --reverse "$series"); do
	title=$(title_of "$commit")
	if ! can_change_image "$commit^..$commit"; then
		say "# cannot change the image: $title"
	elif ! can_change_image "$commit..$BRANCH"; then
		say "# is the last commit that can change the image: $title"
	else
		check_out "$commit"
		check "builds with $OPTION on after: $title" build_step on
		git -C "$TREE" grep -q "config $OPTION\$" -- '*Kconfig*' || continue
		check "builds with $OPTION off after: $title" build_step off
	fi
	[ "$commit" = "$old" ] || continue
	check "the kernel of KERNEL=old is made after: $title" make_old_kernel
	[ "${1:-}" != whole ] || check "it is the same if built as a whole" same_as_whole
done
exit $failed
