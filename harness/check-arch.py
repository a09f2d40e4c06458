#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Build the kernel for each machine of machines/, boot it, run the selftests of
each of its ABIs, and print a table of the results.

  check-arch.py [MACHINE...]
  check-arch.py --judge MACHINE ABI=ENDIANNESS...	of results on standard input
"""

import collections
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


def judge(machine, endian_of, lines):
    """Rows of the table; a failure that belongs to no ABI counts for the first one."""
    counts = {abi: collections.Counter() for abi in endian_of}
    first, seconds, built = next(iter(endian_of)), {}, False
    for line in lines:
        # "ok MACHINE on: ABI PROGRAM TEST", "# skipped: MACHINE on ABI PROGRAM TEST"
        words = line.removeprefix("# ").replace("not ok", "not", 1).split()
        abi = words[3] if len(words) > 3 and words[3] in counts else None
        if line.startswith("not ok "):
            counts[abi or first]["failed"] += 1
        elif line.startswith("ok "):
            built |= "; does not boot here" in line
            if abi:
                counts[abi]["passed"] += 1
        elif abi and line.startswith("# skipped: "):
            counts[abi]["skipped"] += 1
        elif abi and line.startswith("# time: "):
            seconds[abi] = words[4]
    rows = []
    for abi, count in counts.items():
        result = "pass" if count["passed"] else "built" if built else "fail"
        if count["failed"]:
            result = "fail"
        rows.append((machine, abi, endian_of[abi], result, count["passed"],
                     count["failed"], count["skipped"], seconds.get(abi, "-")))
    return rows


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
