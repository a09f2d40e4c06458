#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build the kernel for each machine of machines/, boot it, run the selftests of
each of its ABIs, and print a table of the results.

  check-arch.py [MACHINE...]
  check-arch.py --judge MACHINE ABI=ENDIANNESS...	of results on standard input
"""

import os
import pathlib
import subprocess
import sys

from lava import ask

HARNESS = pathlib.Path(__file__).resolve().parent
ROW = "{:10} {:8} {:7} {:7} {:>7} {:>7} {:>7} {:>7}"
HEAD = "machine ABI endian result passed failed skipped seconds".split()


def endianness(tests):
    """Of the first program there, as its ELF header says."""
    try:
        program = tests / (tests / "list").read_text().split()[0]
        return {1: "little", 2: "big"}[program.read_bytes()[5]]
    except (OSError, IndexError, KeyError):
        return "-"


class Abi:
    def __init__(self, name, endian):
        self.name, self.endian, self.seconds = name, endian, "-"
        self.passed = self.failed = self.skipped = 0
        self.built = False

    def result(self):
        if self.failed:
            return "fail"
        return "pass" if self.passed else "built" if self.built else "fail"

    def row(self, machine):
        return (machine, self.name, self.endian, self.result(), self.passed,
                self.failed, self.skipped, self.seconds)


def judge(machine, endian_of, lines):
    """Rows of the table; what belongs to no ABI fails the first one."""
    abis = {name: Abi(name, endian) for name, endian in endian_of.items()}
    first = next(iter(abis.values()))
    for line in lines:
        words = line.replace("not ok", "not", 1).split()
        if line.startswith("# ") and len(words) > 4 and words[4] in abis:
            if words[1] == "skipped:":
                abis[words[4]].skipped += 1
            elif words[1] == "time:":
                abis[words[4]].seconds = words[5]
            continue
        # "ok MACHINE on: ABI PROGRAM TEST"
        abi = abis.get(words[3]) if len(words) > 3 else None
        if line.startswith("not ok "):
            (abi or first).failed += 1
        elif line.startswith("ok "):
            if abi:
                abi.passed += 1
            if "; does not boot here" in line:
                for other in abis.values():
                    other.built = True
    return [abi.row(machine) for abi in abis.values()]


def print_table(rows):
    """Returns whether a machine failed, or there are none."""
    print(ROW.format(*HEAD))
    machines = {}
    for row in rows:
        print(ROW.format(*row))
        machines.setdefault(row[0], []).append(row)
    worst = {name: "fail" if any(row[3] == "fail" for row in own) else own[0][3]
             for name, own in machines.items()}
    passed = [name for name, result in worst.items() if result == "pass"]
    big = sum(machines[name][0][2] == "big" for name in passed)
    compat = sum(row[3] == "pass" for own in machines.values() for row in own[1:])
    count = list(worst.values()).count
    print(f"{len(machines)} machines: {len(passed)} passed ({big} big-endian; "
          f"{compat} compat ABIs), {count('built')} only built, "
          f"{count('fail')} failed")
    return not machines or "fail" in worst.values()


def run(command, environment):
    """Yields the lines of its output, and prints them."""
    failed = False
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace") as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            failed |= line.startswith("not ok ")
            yield line.rstrip("\n")
    if process.returncode and not failed:
        yield f"not ok {command[0].name}: ended with status {process.returncode}"


def check(machine):
    environment = {"LIMIT": "7200", "GUEST": "TIMEOUT=900", **os.environ,
                   "ARCH": machine}
    print(f"== {machine}", flush=True)
    lines = list(run([HARNESS / "deps.sh", "build", machine], environment))
    if not any(line.startswith("not ok") for line in lines):
        lines += run([HARNESS / "checks/guest.sh", "on"], environment)
    tests, abis = ask(machine, 'say "$TESTS"; say "$ABIS"')
    return judge(machine, {abi: endianness(pathlib.Path(tests, abi))
                           for abi in abis.split()}, lines)


def main(arguments):
    if arguments[:1] == ["--judge"]:
        abis = dict(word.split("=") for word in arguments[2:])
        return print_table(judge(arguments[1], abis, sys.stdin))
    machines = arguments or sorted(p.name for p in HARNESS.glob("machines/*"))
    if not arguments:
        os.environ.pop("ABIS", None)	# Those of one machine
    return print_table([row for machine in machines for row in check(machine)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
