# SPDX-License-Identifier: GPL-2.0
"""Compare, line by line, what the commands print as released and as patched.

  compare.py NUMBER [COMMAND...]	NUMBER is the system call's

Each command runs as released, patched, in each of a few ways, and as released
again. Lines are compared without what the file known lists. What still differs
between the two runs of the original changes by itself, or is of a process that
came or went, and is not counted; a difference counts if it is there in each of a
few rounds. Prints a line "ok" or "not ok" for each comparison, and the totals.
"""

import collections
import errno
import re
import subprocess
import sys

import programs

ORIGINAL, PATCHED, PLANTED = "orig", "xyzzy", "planted"
PLANTED_IN = ("ps-aux", "top", "htop", "psutil")
# root, and a user with processes of the population
USERS = (0, 3000)
NAMES = {0: "root", 1000: "user", 1010: "a-name-longer-than-its-column", 3000: "u3000"}
HIDEPID = (0, 2)
ROUNDS = 4
# Lines that change by themselves, in percent, before a comparison says too little
CHANGING = 10
SHOWN = 5


def known_parts(command):
    """Compiled, what may differ in a line of the command, and why."""
    return [(re.compile(pattern), reason)
            for name, pattern, reason in programs.read_rows("known", 3)
            if name in ("*", command.name)]


def keyed(text, command, known, totals):
    """{(key, how often it was there before): line}, without the known parts"""
    lines, often = {}, collections.Counter()
    for line in text.decode("utf-8", "surrogateescape").split("\n"):
        words = line.split()
        key = "-"
        if command.key is not None and len(words) > command.key and \
                words[command.key].isdigit():
            key = words[command.key]
        for pattern, reason in known:
            line, number = pattern.subn("", line)
            if number:
                totals.reasons[command.name, reason] += number
        lines[key, often[key]] = line
        often[key] += 1
    return lines


class Round:
    def __init__(self, first, patched, last):
        self.compared, self.changing, self.wrong = 0, 0, {}
        for key in first.keys() | patched.keys() | last.keys():
            self.judge(key, first.get(key), patched.get(key), last.get(key))

    def judge(self, key, first, patched, last):
        self.compared += 1
        if first != last:
            # Not if the process came or went
            self.changing += None not in (first, last)
        elif patched != first:
            self.wrong[key] = (first, patched)


class Totals:
    def __init__(self):
        self.lines = self.changing = self.differences = 0
        self.reasons = collections.Counter()


def look(command, user, ways, totals):
    """A round of each way: the original runs once before them and once after."""
    known = known_parts(command)

    def run(**way):
        return keyed(programs.output(command=command, user=user, **way), command,
                     known, totals)

    first = run(build=ORIGINAL)
    patched = {title: run(**way) for title, way in ways.items()}
    last = run(build=ORIGINAL)
    return {title: Round(first, patched[title], last) for title in ways}


def compare(command, user, ways, totals):
    """{title: the differences that were there in each round}"""
    wrong, left = {}, ways
    for _ in range(ROUNDS):
        for title, found in look(command, user, left, totals).items():
            totals.lines += found.compared
            totals.changing += found.changing
            if found.changing * 100 > found.compared * CHANGING:
                continue
            before = wrong.get(title, found.wrong)
            wrong[title] = {key: lines for key, lines in found.wrong.items()
                            if key in before}
        left = {title: ways[title] for title in ways if wrong.get(title, True)}
        if not left:
            break
    for title in ways.keys() - wrong.keys():
        raise RuntimeError(f"{command.name}{title}: more than {CHANGING} % of its "
                           "lines change by themselves")
    return wrong


def report(name, different, totals):
    totals.differences += len(different)
    print("not ok" if different else "ok", name, flush=True)
    for key, (original, patched) in list(different.items())[:SHOWN]:
        print(f"# {key}:\n#   original: {original!r}\n#   patched:  {patched!r}")


def ways_of(number):
    return {title: {"build": PATCHED, **way} for title, way in (
        ("", {}), (", switched off", {"switched_off": True}),
        (", denied with EPERM", {"denied": (number, errno.EPERM)}),
        (", denied with ENOSYS", {"denied": (number, errno.ENOSYS)}))}


def compare_all(number, names, totals):
    for hidepid in HIDEPID:
        subprocess.run(["mount", "-o", f"remount,hidepid={hidepid}", "/proc"],
                       check=True)
        for command in programs.commands(names):
            for user in USERS:
                ways = ways_of(number)
                for title, different in compare(command, user, ways,
                                                totals).items():
                    report(f"{command.name}, user {user}, hidepid={hidepid}"
                           f"{title}", different, totals)


def find_planted(names):
    """The programs that print a wrong digit have to be found."""
    missed = False
    for command in programs.commands(names):
        if command.name not in PLANTED_IN:
            continue
        found = compare(command, 0, {"": {"build": PLANTED}}, Totals())[""]
        print("ok" if found else "not ok",
              f"{command.name}: the wrong digit planted in it is found", flush=True)
        missed = missed or not found
    return not missed


def name_users():
    with open("/etc/passwd", "w", encoding="ascii") as passwd:
        for user, name in NAMES.items():
            print(f"{name}:x:{user}:{user}::/:/bin/sh", file=passwd)


def main(number, *names):
    totals = Totals()
    name_users()
    compare_all(int(number), names, totals)
    found = find_planted(names)
    for (command, reason), often in totals.reasons.items():
        print(f"left out {often}: {command}: {reason}")
    print(f"{totals.lines} lines compared, {totals.changing} changed by themselves, "
          f"{totals.differences} differences")
    return 1 if totals.differences or not found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
