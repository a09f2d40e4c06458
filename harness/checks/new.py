#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make new: what it refuses, what it writes, and what it decides about compat
entries, compared with the kernel's own tables.

  new.py [clean]	all of that; and that the series it writes are clean
  new.py generate DIR	only write the calls of new/cases to DIR/NAME, and print them
"""

import pathlib
import re
import shutil
import sys
import tempfile

import results
from results import check, run

HERE = pathlib.Path(__file__).resolve().parent
HARNESS = HERE.parent
NEW = HARNESS.parent / "new"
sys.path.insert(0, str(NEW))
from arguments import decide, parse, read_table


def make_new(name, directory, **settings):
    return run([HARNESS / "new.sh"], NAME=name, DIR=str(directory),
               **{"ARGS": "", "STRUCT": "", **settings})


def refuses(name, args, struct, expected, work):
    status, said = make_new(name, work / "new", ARGS=args, STRUCT=struct.strip("-"))
    said = "\n".join(line for line in said.splitlines()
                     if not line.startswith(("base: ", "waiting for ")))
    check(f"refused: NAME={name} ARGS={args} {struct}",
          status and expected in said and said.count("\n") == 0 and
          not list(work.iterdir()), said)


def refuses_directory(work):
    (work / "there").mkdir()
    status, said = make_new("frob", work / "there", ARGS="int fd")
    check("refused: a directory that is there",
          status and "that is not there yet" in said and said.count("\n") == 1 and
          not list((work / "there").iterdir()), said)
    (work / "there").rmdir()


def refuses_number(work):
    """In a tree whose tables do not agree on what is free."""
    tree = work / "tree"
    for path, numbers in (("scripts", 7), ("arch/x86/entry/syscalls", 8)):
        (tree / path).mkdir(parents=True)
        table = "".join(f"{n}\tcommon\tcall_{n}\tsys_call_{n}\n" for n in range(numbers))
        for name in ("syscall.tbl", "syscall_64.tbl", "syscall_32.tbl"):
            (tree / path / name).write_text(table)
    user = ("-c", "user.name=new", "-c", "user.email=new")
    for words in (("init", "-q"), ("add", "."), (*user, "commit", "-q", "-m", "base")):
        run(["git", "-C", tree, *words])
    status, said = run([NEW / "new.py", "write", "frob", "", "", work / "new", tree,
                        "HEAD", "1"])
    check("refused: a number that another table has already",
          status and "number 7: arch/x86/entry/syscalls/syscall_64.tbl has it already, for "
          "call_7\n" in said and not (work / "new").exists(), said)
    shutil.rmtree(tree)


def read_cases():
    """{name: (settings, [(file, sign, line)...])}"""
    cases = {}
    for line in (NEW / "cases").read_text(encoding="ascii").splitlines():
        if line.startswith("["):
            settings, lines = cases.setdefault(line[1:-1], ({}, []))
        elif line.startswith(("ARGS=", "STRUCT=")):
            key, _, value = line.partition("=")
            settings[key] = value
        elif line and line[0] != "#":
            lines.append(re.fullmatch(r"(\S+?)([:!]) (.*)", line).groups())
    return cases


def normal(line):
    return " ".join(line.split())


def generates(name, settings, lines, directory):
    status, said = make_new(name, directory, **settings)
    good = not status
    if good:
        number = (directory / "scripts/syscall.tbl").read_text().split()[0]
    for file, sign, line in lines if good else ():
        text = (directory / file).read_text()
        line = normal(line.replace("NR ", f"{number} ", 1))
        there = line in (map(normal, text.splitlines()) if file.endswith(".tbl")
                         else normal(text))
        if there != (sign == ":"):
            said += f"{file}: {'expected' if sign == ':' else 'did not expect'}: {line}\n"
            good = False
    check(f"{name}: the files have what its types need", good, said)
    return good


def is_clean(name, directory):
    """By the checks that each series has."""
    environment = {"SERIES": str(directory)}
    status, said = run([HARNESS / "series.sh"], **environment)
    for script in ("patches.sh", "style.sh") if not status else ():
        more, text = run([HERE / script], **environment)
        status, said = status or more, said + text
    good = [line for line in said.splitlines() if line.startswith("ok ")]
    check(f"{name}: git am takes the series, and checkpatch and the linters find "
          "nothing in it", not status and len(good) > 8, said)


# What the kernel does

def kernel(path):
    script = '. "$HARNESS/lib.sh"; git -C "$BASE_TREE" show "$BASE_REF:$1"'
    status, text = run(["sh", "-c", script, "new", path], HARNESS=str(HARNESS))
    if status:
        sys.exit(text)
    return text


def prototypes():
    """{name: arguments}; of several for one call, the last is that of 64 bits."""
    text = re.sub(r"/\*.*?\*/", "", kernel("include/linux/syscalls.h"), flags=re.S)
    return dict(re.findall(r"asmlinkage long sys_(\w+)\(([^)]*)\)", text))


def entries():
    """{name of the entry: does it differ for 32-bit programs?}"""
    result = {}
    for line in kernel("arch/x86/entry/syscalls/syscall_32.tbl").splitlines():
        words = line.split()
        if not re.match(r"\d", line) or len(words) < 4:
            continue
        native, compat = words[3], (words[4:] or ["-"])[0]
        name = re.sub("^sys_(ia32_)?", "", native)
        result.setdefault(name, native.startswith("sys_ia32_") or
                          compat not in ("-", "sys_ni_syscall", native))
    return result


def same(first, second):
    return [t for t, _ in parse(first)] == [t for t, _ in parse(second)]


def decides():
    known, table = prototypes(), entries()
    listed = set()
    for answer, prototype, _ in read_table(NEW / "known"):
        name, _, arguments = prototype.rstrip(")").partition("(")
        listed.add(name)
        because = decide(arguments)
        check(f"{name}: " + ("a compat entry, although its types need none"
                             if answer == "yes" else
                             "one entry for all, although its types need one"),
              same(arguments, known.get(name, "")) and
              table.get(name) == (answer == "yes") and bool(because) == (answer == "no"),
              f"the kernel: {known.get(name)}, {table.get(name)}\n"
              f"the generator: {because}")
    others = {name: arguments for name, arguments in known.items()
              if name in table and name not in listed}
    wrong = [f"{name}({arguments}): {table[name]}" for name, arguments in others.items()
             if bool(decide(arguments)) != table[name]]
    with_own = sum(table[name] for name in others)
    check(f"for the other {len(others)} calls, the generator decides as the kernel does",
          not wrong and with_own > 80 and len(others) - with_own > 300, "\n".join(wrong))


def main(clean):
    with tempfile.TemporaryDirectory(prefix="new.") as work:
        work = pathlib.Path(work)
        for row in read_table(NEW / "errors"):
            refuses(*row, work)
        refuses_directory(work)
        refuses_number(work)
        decides()
        for name, case in read_cases().items():
            if generates(name, *case, work / name) and clean:
                is_clean(name, work / name)
    return results.failed


def generate(directory):
    """For generated.sh: a SERIES of all of them."""
    directory = pathlib.Path(directory)
    shutil.rmtree(directory, ignore_errors=True)
    for name, (settings, _) in read_cases().items():
        status, said = make_new(name, directory / name, **settings)
        if status:
            sys.exit(said)
    print(":".join(str(directory / name) for name in read_cases()))


if __name__ == "__main__":
    sys.exit(generate(sys.argv[2]) if "generate" in sys.argv else main("clean" in sys.argv))
