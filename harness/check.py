#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run the checks of a section of the table checks.list, and count.

  check.py SECTION [TABLE]

A check prints a line "ok NAME" or "not ok NAME" for each thing that it looks
at; one that prints none, or exits with an error, is a failure. Rows of one
kernel (CONFIG, ARCH, SERIES...) run one after the other, and as many of these
groups at a time as there are processors: a guest keeps one busy. PART=NAME,
which no script knows, puts rows into a group of their own. A line "---" waits
for what is above it. The last line is "N passed, N failed".
"""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

HARNESS = pathlib.Path(os.environ.get("HARNESS", pathlib.Path(__file__).parent))
BUILD = pathlib.Path(os.environ.get("BUILD", HARNESS.parent / "build")).resolve()
JOBS = int(os.environ.get("JOBS") or len(os.sched_getaffinity(0)))
# Rows that differ only in these use the same build directory.
NOT_OF_KERNEL = ("ABIS", "GUEST", "LIMIT", "OLD_COMMIT", "PROGRAMS")

lock = threading.Lock()
results = []


class Row:
    def __init__(self, line):
        settings, check, *self.arguments = line.split()
        self.settings = dict(s.split("=", 1) for s in settings.split(","))
        scripts = [HARNESS / f"checks/{check}{suffix}" for suffix in (".sh", ".py")]
        self.script = next(filter(pathlib.Path.exists, scripts), None)
        if not self.script:
            sys.exit(f"check: {line}: expected a script {scripts[0]}")
        self.name = " ".join([check, *self.arguments, f"({settings})"])
        self.wall = self.cpu = 0

    def kernel(self):
        return tuple((key, value) for key, value in self.settings.items()
                     if key not in NOT_OF_KERNEL)

    def run(self):
        begin, said = time.monotonic(), False
        say(f"== {self.name}")
        process = subprocess.Popen(
            [self.script, *self.arguments],
            env={**os.environ, **self.settings}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace")
        for line in process.stdout:
            said |= line.startswith(("ok ", "not ok "))
            say(line.rstrip("\n"))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            say(f"not ok {self.name}: ended with status {process.returncode}")
        elif not said:
            say(f"not ok {self.name}: printed no result")
        self.wall = time.monotonic() - begin
        self.cpu = usage.ru_utime + usage.ru_stime
        say(f"== {self.name}: {self.wall:.0f} s, {self.cpu:.0f} s of CPU time")


def say(line):
    with lock:
        results.append(line)
        print(line, flush=True)


def read_phases(table, section):
    """A list of phases; a phase is {kernel: [row...]}."""
    phases, ours = [{}], False
    for line in table.read_text(encoding="ascii").splitlines():
        if line.startswith("["):
            ours = line == f"[{section}]"
        elif not ours or not line or line.startswith("#"):
            continue
        elif line == "---":
            phases.append({})
        else:
            row = Row(line)
            phases[-1].setdefault(row.kernel(), []).append(row)
    return phases


def run_group(rows):
    for row in rows:
        row.run()


def main(section, table=HARNESS / "checks.list"):
    # The scripts get ^C, too, and then the rows behind theirs would start.
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    begin = time.monotonic()
    phases = read_phases(pathlib.Path(table), section)
    for phase in phases:
        with ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(run_group, phase.values()))

    passed = sum(line.startswith("ok ") for line in results)
    failures = [line for line in results if line.startswith("not ok ")]
    failed = max(len(failures), not passed)
    if failed:
        print("what failed:", *failures, sep="\n")
    rows = [row for phase in phases for group in phase.values() for row in group]
    print("seconds of CPU time, and by the clock:")
    for row in sorted(rows, key=lambda row: -row.cpu):
        print(f"{row.cpu:7.0f} {row.wall:7.0f}  {row.name}")
    print(f"{sum(row.cpu for row in rows):7.0f} "
          f"{time.monotonic() - begin:7.0f}  in all; the logs are in {BUILD / 'log'}")
    print(f"{passed} passed, {int(failed)} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
