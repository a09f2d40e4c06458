#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The harness itself: does it see what is wrong?"""

import json
import os
import pathlib
import sys
import tempfile
import time

import results
from results import check, run

HARNESS = pathlib.Path(__file__).resolve().parents[1]
TOP = HARNESS.parent
TEMPORARY = tempfile.TemporaryDirectory(prefix="self.")	# Removed in the end
WORK = pathlib.Path(TEMPORARY.name)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


# Settings that cannot work: one line that says what was expected.

def refuses_setting(name, expected, command=(HARNESS / "settings.sh",), **setting):
    status, said = run(command, **setting)
    check(name, status and expected in said and said.count("\n") == 1, said)


def series(name):
    """Makes one that adds a system call to nothing but a table."""
    top = WORK / "series" / name
    for path, text in {
            "series/config": f"NAME={name}\nOPTION={name}\nBASE=7.3\nVERSION=1\n"
                             "DATE=2026-11-22T00:00:00+0000\n",
            "series/commits": "all scripts/syscall.tbl\n",
            "series/messages/all": f"add {name}\n",
            "series/placement": "number 473 scripts/syscall.tbl\n"
                                "[scripts/syscall.tbl]\nin-order\n",
            "scripts/syscall.tbl": f"473 common {name}\n"}.items():
        write(top / path, text)
    return top


def settings():
    refuses_setting("an unknown ARCH is refused", "ARCH=vax: expected one of alpha",
                    ARCH="vax")
    refuses_setting("an unknown CONFIG is refused",
                    "CONFIG=nope: expected one of tiny", CONFIG="nope")
    refuses_setting("an unknown ABI is refused", "ABIS=x: expected some of m64",
                    ABIS="x", ARCH="x86_64")
    refuses_setting("a BASE that is no release is refused",
                    "BASE=x: expected a kernel release", BASE="x")
    refuses_setting("a LINUX that is no kernel is refused",
                    "expected a kernel tree", LINUX="/proc")
    refuses_setting("a SERIES that is no such directory is refused",
                    "SERIES=/proc: expected a directory with", SERIES=f"{TOP}:/proc")
    refuses_setting("several series where only one makes sense are refused",
                    "expected one directory here", SERIES=f"{TOP}:{TOP}",
                    command=(HARNESS / "series.sh",))
    refuses_setting("an earlier version of a series that has none is refused",
                    "expected OLD_COMMIT", SERIES=f"{series('none')}", KERNEL="old")
    for name, path in (("BUILD", "/a b"), ("BUILD", "/a,b"), ("LINUX", "/a&b"),
                       ("SERIES", "/a%b"), ("CC", "ccache gcc")):
        refuses_setting(f"{name}={path} is refused", f"{name}={path}: expected a path of",
                        **{name: path})
    refuses_setting("neither on nor off is refused", "id: expected on or off",
                    command=(HARNESS / "kernel.sh", "id"))
    refuses_setting("a JOBS that is no number is refused", "JOBS=x: expected", JOBS="x")
    refuses_setting("make refuses with one line", "expected one of", ARCH="vax",
                    command=("make", "-s", "-C", HARNESS.parent, "boot"))
    script(WORK / "df", "echo; echo / 99999999 99000000 999999 99% /\n")
    refuses_setting("a full disk is refused", "GiB of free disk space, not 0",
                    PATH=f"{WORK}:{os.environ['PATH']}")
    (WORK / "df").unlink()
    status, said = run([HARNESS / "settings.sh"], CONFIG="defconfig")
    check("a CONFIG of the kernel's own is taken", not status, said)
    environment = {"LINUX": f"{WORK}/copied", "BUILD": f"{WORK}/copies",
                   "IDENTITY": "A <a@b.invalid>"}
    for text in "before\n", "after\n":
        write(WORK / "copied/MAINTAINERS", text)
        status, said = run([HARNESS / "base.sh"], **environment)
    check("that LINUX has changed since it was copied is said", "has changed" in said, said)


# The judge of a guest's console.

CONSOLE = """KTAP version 1
1..1
  # Subtest: m64
  1..1
    # Subtest: a_test
    1..2
    ok 1 first
    ok 2 second # SKIP no reason
  ok 1 a_test
ok 1 m64
"""


def judge(name, text, expect="pass", good=False):
    status, said = run([HARNESS / "console.py", "judge", "", "self", expect, "m64"],
                       text)
    check(name, good == (status == 0), said)


def console():
    lines = CONSOLE.splitlines(keepends=True)
    judge("a good console passes", CONSOLE, good=True)
    judge("a test that fails is seen", CONSOLE.replace("    ok 1", "    not ok 1"))
    judge("a test that is missing is seen", CONSOLE.replace("    ok 1 first\n", ""))
    judge("a missing plan is seen", CONSOLE.replace("    1..2\n", ""))
    judge("a program that did not end is seen", "".join(lines[:8]))
    judge("an ABI that did not run is seen", "".join(lines[:2]))
    judge("an ABI that ran in the place of another is seen", CONSOLE.replace("m64", "m32"))
    judge("an ABI whose tests all skip is seen", CONSOLE.replace("first", "first # SKIP"))
    judge("an empty console is seen", "")
    judge("an oops is seen", "BUG: unable to handle page fault\n" + CONSOLE)
    judge("a test that should skip and does not is seen", CONSOLE, "skip")
    stack = "FAULT_FLAG_ALLOW_RETRY missing 880\nCall Trace:\n {}+0x1/0x2\n </TASK>\n"
    judge("a stack of a fault that cannot be retried is seen",
          stack.format("ksys_xyzzy") + CONSOLE)
    judge("that of reading cmdline is ignored",
          stack.format("proc_pid_cmdline_read") + CONSOLE, good=True)
    judge("but not what is behind it", stack.format("proc_pid_cmdline_read") +
          "Call Trace:\n" + CONSOLE)


def race(name, title, function, ours):
    """KCSAN's report of a race, with one function in a stack."""
    head = f"BUG: KCSAN: data-race in {title}\n"
    rest = f" {function}+0x1/0x2\nok 1 a test\n====\n"
    command = [HARNESS / "console.py", "judge", "ours also_ours", "self", "pass", ""]
    plan = "1..0\n"
    _, said = run(command, plan + head + rest)
    seen = "not ok self: the kernel says: BUG: KCSAN" in said
    _, listed = run([HARNESS / "console.py", "kcsan", "ours also_ours"], head + rest)
    check(name, seen == ours and ("data-race" in listed) == ours, said + listed)


def races():
    race("a data race of the series is seen", "a / b", "ours.isra.0", True)
    race("also by its title alone", "theirs / also_ours", "theirs", True)
    race("also by its title alone, of unknown origin", "ours+0x1/0x2", "theirs", True)
    race("a data race of others is ignored", "not_ours / ours_not", "theirs", False)
    race("one of others of unknown origin is ignored", "theirs+0x1/0x2", "theirs",
         False)
    sleeps = "theirs+0x1/0x2\n __schedule+0x1/0x2\n ours"
    race("one in the scheduler is ignored", "theirs / not_ours", sleeps, False)
    race("one of the series with it is seen", "theirs / not_ours",
         f"{sleeps}+0x1/0x2\n\nread to 0x1\n inlined+0x1/0x2\n ours", True)
    _, said = run([HARNESS / "console.py", "judge", "ours", "self", "pass", "m64"],
                  CONSOLE.replace("    ok 1", "BUG: KCSAN: data-race in a / b\n"
                                  "    ok 1") + "====\n")
    check("a test's result inside of a report is kept", "m64 a_test first" in said, said)


# New figures against 1,000 instructions, of which 3 % more are accepted.

def hold(name, new, good):
    (WORK / "self.csv").write_text("n,way,abi,value\n10,all,m64,1000\n")
    (WORK / "new").write_text(new)
    status, said = run([HARNESS / "bench.py", "hold", WORK, "self", "3", WORK / "new"])
    check(name, good == (status == 0), said)


def figures():
    hold("a figure that is the same passes", "10,all,m64,1030\n", True)
    hold("a figure that rose is seen", "10,all,m64,1031\n", False)
    hold("a figure without one to compare with is seen", "10,id,m64,1\n", False)
    hold("figures that are missing are seen", "", False)


# Lines are placed where the placement file says, or not at all. In these texts a
# line is a word, _ is a space in it, and an error starts with !.

PLACES = """
lines are placed behind their anchor | after_b | new more | a b c | a b new more c
lines are placed in front of their anchor | before_b | new | a b c | a new b c
a line is replaced | replace_b | new more | a b c | a new more c
a range is replaced | replace_b through_} | new } | a b c } d } | a new } d }
a line is removed | remove_b | | a b c | a c
a range is removed | remove_b through_d | | a b c d e | a e
hunks with text and without go together | remove_b after_a remove_e through_f \
hunk_2 after_d | 1 2 | a b c d e f | a 1 c d 2
an anchor is looked for below another line | below_f replace_x | new | x f a x x \
| x f a new x
a commit gets its own hunks | commit_1 after_a commit_2 remove_b | new | a b c \
| a new b c | 1
another commit gets the others | commit_1 after_a commit_2 remove_b hunk_2 after_c \
| new 2 | a b c | a c 2 | 2
an anchor that is not there is an error | after_b | new | a c \
| !file: anchor not found: b
an anchor that is there twice is an error | after_b | new | a b b \
| !file: anchor found twice, in lines 2 and 3: b
a range without its end is an error | replace_b through_a | new | a b c \
| !file: anchor not found below line 2: a
an anchor in a removed range is an error | remove_a through_c after_b | new | a b c \
| !file: line 3 is in two hunks: c
lines without a place are an error | remove_a | new | a b c \
| !file: expected a hunk for its lines
a hunk without text is an error | after_a hunk_2 after_b | 1 | a b c \
| !file: expected a line that starts hunk 2: 2
a hunk that does not say where it starts is an error | after_a after_b | 1 2 | a b c \
| !line 3: expected a keyword
a removal that says where it starts is an error | after_a hunk_2 remove_b | 1 2 \
| a b c | !line 4: expected a keyword
a range that nothing starts is an error | after_a through_b | 1 | a b c \
| !line 3: expected a keyword
a commit without hunks is an error | commit_1 after_a | 1 | a b c \
| !file: expected a hunk of commit 3 | 3
a commit that comes too late is an error | after_a commit_1 remove_b | 1 | a b c \
| !line 3: expected a keyword | 1
"""


def as_lines(words):
    return "".join(word.replace("_", " ") + "\n" for word in words.split())


def place(placement, new, old, commit=""):
    (WORK / "placement").write_text(placement)
    for name, text in (("repo", new), ("tree", old)):
        (WORK / name).mkdir(exist_ok=True)
        (WORK / name / "file").write_text(text)
    status, said = run([HARNESS / "place.py", WORK / "repo", WORK, WORK / "tree",
                        commit, WORK / "placement", "file"])
    return status, said, (WORK / "tree/file").read_text()


def places():
    for line in PLACES.strip().splitlines():
        name, placement, new, old, result, *commit = map(str.strip, line.split("|"))
        status, said, text = place(as_lines(f"[file] {placement}"), as_lines(new),
                                   as_lines(old), *commit)
        if result.startswith("!"):
            good = status and result[1:] in said and text == as_lines(old)
        else:
            good = not status and text == as_lines(result)
        check(name, good, said + text)
    _, said, text = place("[file]\nafter a\n", "new\n", "a\nb\f\x85c\n")
    check("a form feed in another line stays", text == "a\nnew\nb\f\x85c\n", said + text)
    # The table's line in front of ours decides about our last column.
    (WORK / "table").write_text("7 here\n")
    for name, line, result in (("number", "one", "108 ours"),
                               ("columns", "one two", "108 ours more")):
        _, said, text = place("number 23 table\n[file]\noffset 100\nin-order  more\n",
                              "123 ours\n", f"107 {line}\n")
        check(f"a table gets its own {name}",
              text.splitlines()[-1] == result, said + text)
    for name, old, result in (
            ("goes behind all lines of the number before", "107 a\n107 b\n512 c\n",
             "107 a\n107 b\n108 ours\n512 c\n"),
            ("goes behind a gap, too", "105 a\n512 c\n", "105 a\n108 ours\n512 c\n"),
            ("does not take a number twice", "107 a\n108 b\n", "107 a\n108 b\n")):
        _, said, text = place("number 23 table\n[file]\noffset 100\nin-order\n",
                              "123 ours\n", old)
        check(f"a line of a table {name}", text == result and
              ("is taken" in said) == (old == result), said + text)


# Several series on one tree, which is only a table here.

def stack():
    linux = WORK / "linux"
    write(linux / "MAINTAINERS", "")
    write(linux / "scripts/syscall.tbl", "470 common one\n472 common other\n")
    both = f"{series('frob')}:{series('nitz')}"
    # As in a hook of git, GIT_DIR is that of another repository.
    environment = {"SERIES": both, "LINUX": str(linux), "BUILD": f"{WORK}/build",
                   "IDENTITY": "A <a@b.invalid>", "GIT_DIR": "/nowhere"}
    status, said = run([HARNESS / "tree.sh", "show"], **environment)
    tree = pathlib.Path(said.rsplit("tree: ", 1)[-1].split(",")[0])
    table = tree / "scripts/syscall.tbl"
    text = table.read_text() if status == 0 else ""
    check("two series get different numbers", "472 common other\n473 common frob\n"
          "474 common nitz\n" in text, said + text)
    status, said = run([HARNESS / "tree.sh"], **environment)
    check("a series that is on the tree is not put there again",
          not status and not said, said)
    table.write_text("")
    for name, message in (("built from", "add nitz\n"), ("overwritten", "add it, too\n")):
        write(WORK / "series/nitz/series/messages/all", message)
        status, said = run([HARNESS / "tree.sh"], **environment)
        check(f"work in the tree is not {name}", status and "work of your own" in said
              and not table.read_text(), said)


# What a file is before later commits, likewise.

GROWTH = """
a line of a later commit is left out | commit_1 lines_b | a b c | a c | 1
a line of an earlier commit stays | commit_1 lines_b commit_2 lines_c | a b c | a b | 2
a range is left out | commit_1 lines_b through_} | a b } c } | a c } | 1
a range in front of a line is left out | commit_1 lines_b before_} | a b c } | a } | 1
what was there comes back | commit_1 lines_b was_x was_y | a b c | a x y c | 1
a range is looked for below another line | commit_1 below_f lines_x | x f a x | x f a | 1
a change of the last commit is undone | commit_1 lines_y was_x commit_2 lines_b was_y \
| a b c | a y c | 2
then that of the one before | commit_1 lines_y was_x commit_2 lines_b was_y \
| a b c | a x c | 1 2
a file that does not grow stays | | a b | a b | 1
a line that is not there is refused | commit_1 lines_x | a b | !anchor not found: x | 1
ranges that overlap are refused | commit_1 lines_a through_c lines_b | a b c \
| !file: line 2 is in two hunks: b | 1
a word of no meaning is refused | commit_1 line_a | a | !line 3: expected a keyword | 1
"""


def growth():
    for line in GROWTH.replace("\\\n", "").strip().splitlines():
        name, sections, text, result, later = map(str.strip, line.split("|"))
        (WORK / "growth").write_text(as_lines(f"[file] {sections}"))
        (WORK / "repo/file").write_text(as_lines(text))
        status, said = run([HARNESS / "grow.py", WORK / "repo", WORK / "growth", "file",
                            *later.split()])
        if result.startswith("!"):
            check(name, status and result[1:] in said, said)
        else:
            check(name, not status and said == as_lines(result), said)


# The table of machines, of one with two ABIs.

MACHINE = """ok self on: ktap: the guest reported success
ok self on: m64 a first
# skipped: self on m64 a second
# time: self on m64 7
ok self on: m32 a first
"""


def machine(name, results, good=False):
    status, said = run([HARNESS / "check-arch.py", "--judge", "self", "m64=little",
                        "m32=big"], results)
    row = "self m64 little pass 1 0 1 7" in " ".join(said.split())
    count = " 1 passed (0 big-endian; 1 compat ABIs)" in said
    check(name, (status == 0 and row and count) if good else status, said)


def machines():
    machine("a machine that passes is counted", MACHINE, True)
    machine("a machine's failed test is seen",
            MACHINE.replace("ok self on: m32", "not ok self on: m32"))
    machine("a machine's ABI that did not run is seen",
            "".join(line for line in MACHINE.splitlines(True) if "m32" not in line))
    machine("a machine that said nothing is seen", "")


# The counter of checks.

def count(name, last, *rows, order=None, under=()):
    (WORK / "order").write_text("")
    (WORK / "list").write_text("\n".join(["[a]", *rows, "[b]", "A=1 fails", ""]))
    _, said = run([*under, HARNESS / "check.py", "a", WORK / "list"],
                  HARNESS=str(WORK), BUILD=f"{WORK}/build", JOBS="2")
    came = (WORK / "order").read_text().split()
    check(name, said.splitlines()[-1] == last and order in (None, came), said)


def rows():
    (WORK / "checks").mkdir()
    for name, text in {
            "passes": f"echo ok one; echo $1 >>{WORK}/order",
            "late": f"sleep 1; echo ok late; echo $1 >>{WORK}/order",
            "hangs": f"sleep 20; echo $1 >>{WORK}/order",
            "fails": "echo not ok two; exit 1",
            "ends_badly": "echo ok three; exit 2",
            "says_nothing": ":"}.items():
        script(WORK / f"checks/{name}.sh", text + "\n")
    count("rows that pass are counted", "2 passed, 0 failed", "A=1 passes", "A=2 passes")
    count("a row that fails is counted", "1 passed, 2 failed", "A=1 passes", "A=1 fails")
    count("a row that ends badly is counted", "1 passed, 1 failed", "A=1 ends_badly")
    count("a row that says nothing is a failure", "1 passed, 1 failed", "A=1 passes",
          "A=1 says_nothing")
    count("no row is a failure", "0 passed, 1 failed")
    count("a line waits for what is above it", "3 passed, 0 failed", "A=1 late a",
          "A=2 passes b", "---", "A=3 passes c", order=["b", "a", "c"])
    count("rows of one kernel keep their order", "2 passed, 0 failed", "A=1 late a",
          "A=1,LIMIT=1,ABIS=m64 passes b", order=["a", "b"])
    count("no row starts after ^C", "== hangs a (A=1)", "A=1 hangs a", "A=1 hangs b",
          order=[], under=["env", "--default-signal=INT", "timeout", "-s", "INT", "5"])


# The log of a job that LAVA ran.

def job(name, good, *results):
    """Results are the suite, the case, and how it ended."""
    lines = [json.dumps({"dt": "now", "lvl": "results", "msg": dict(zip(
        ("definition", "case", "result"), result))}) for result in results]
    write(WORK / "job", "\n".join(['{"lvl": "info", "msg": "ok 1 a"}', *lines, ""]))
    status, said = run([HARNESS / "lava.py", "count", WORK / "job"])
    check(name, (status == 0) == good, said)


def jobs():
    job("a job that passes and skips is good", True, ("xyzzy-m64", "a", "pass"),
        ("xyzzy-m64", "b", "skip"), ("lava", "job", "pass"))
    job("a job's failed test is seen", False, ("xyzzy-m64", "a", "pass"),
        ("xyzzy-m64", "b", "fail"), ("lava", "job", "pass"))
    job("a job that LAVA could not run to its end is seen", False,
        ("xyzzy-m64", "a", "pass"), ("lava", "job", "fail"))
    job("a job without results is seen", False, ("lava", "job", "pass"))
    _, said = run([HARNESS / "lava.py", "write", "x86_64", WORK / "job"],
                  SERIES=str(series("frob")), BUILD=f"{WORK}/b\u00fcild")
    check("a job of another series boots its kernel",
          f"{WORK}/b\u00fcild/series/frob/linux-" in (WORK / "job").read_text(), said)


# A QEMU that hangs, deaf to SIGTERM, after its guest has reported.

def hang(name, status, good):
    script(WORK / "qemu-system-x86_64", f"""trap '' TERM
for word; do
	case $word in
	*.pid) echo $$ >"$word" ;;
	*,id=result,path=*) echo status {status} >"${{word##*path=}}" ;;
	esac
done
exec sleep 60
""")
    begin = time.monotonic()
    result, said = run([HARNESS / "boot.sh", "on", "40", "/program"], ARCH="x86_64",
                       PATH=f"{WORK}:{os.environ['PATH']}", GRACE="2")
    soon = time.monotonic() - begin < 30
    check(name, soon and (result == 0) == good, said)


def hangs():
    hang("a QEMU that hangs after a success is ended", 0, True)
    hang("a QEMU that hangs after a failure is ended, and that is a failure", 1, False)


# What .incbin includes is not part of what ccache compares.

def cache():
    compile_it = """. "$HARNESS/lib.sh"; . "$HARNESS/kernel-lib.sh"; cd "$1"
        $KCC -MMD -c -o data.o data.S"""
    write(WORK / "cache/data.S", '.incbin "data"\n')
    for data in "before", "after":
        write(WORK / "cache/data", data)
        _, said = run(["env", "-u", "CCACHE_DISABLE", "sh", "-c", compile_it, "self",
                       WORK / "cache"], HARNESS=str(HARNESS), CCACHE_DIR=f"{WORK}/ccache")
    check("an object is compiled again for what .incbin includes",
          b"after" in (WORK / "cache/data.o").read_bytes(), said)


# A tutorial, shown and as it should be.

def follow(name, shown, good):
    page = WORK / "tutorial.rst"
    page.write_text(shown)
    status, said = run([HARNESS / "checks/tutorial.py", page])
    check(f"a tutorial {name}", (status == 0) == good and ("not ok" in said) != good, said)


def tutorials():
    right = """\
::

    $ mkdir a && \\
        cd a
    $ pwd
    /home/me/a
    $ seq 9; echo took 12 s of a day
    1
    ...
    9
    took 3 s of ...

Text
"""
    follow("that is right", right, True)
    follow("with a wrong line", right.replace("/me/a", "/me/b"), False)
    follow("that lacks a line", right.replace("    took 3 s of ...\n", ""), False)
    follow("whose command fails", "::\n\n    $ false\n", False)


for group in (settings, console, races, figures, places, stack, growth, machines, rows, jobs,
              hangs, cache, tutorials):
    group()
sys.exit(results.failed)
