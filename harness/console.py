#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge the console of a guest that ran ktap, read from standard input.

  console.py judge "FUNCTION..." GUEST pass|skip "ABI..."
  console.py kcsan "FUNCTION..."

Prints "ok" or "not ok" for each test of each program of each ABI. A plan that
is missing or not met, an ABI that did not run or of which no test did as expected,
and what the kernel prints when it is in trouble are failures. Each skip is shown
with its reason, unless all tests are expected to skip.

KCSAN reports data races of the whole kernel. With FUNCTIONs, a report counts
only if one of them is in its title or in one of its stacks; "kcsan" prints the
title lines of those.
"""

import re
import sys

TROUBLE = re.compile("Kernel panic|Oops|BUG:|WARNING:|Call Trace:|rcu:.*stall|"
                     "blocked for more than|watchdog:")
RESULT = re.compile(r"(not )?ok \d+ *(?:- *)?(.*)")
KCSAN = "BUG: KCSAN: "
NO_RETRY = "FAULT_FLAG_ALLOW_RETRY missing"


def is_ours(report, functions):
    """Of "data-race in ONE / OTHER", or "in ONE+0x1/0x2" of unknown origin."""
    title, _, rest = report.partition("\n")
    title = title.rpartition(" in ")[2].split()
    names = title[:1] + title[2:3]
    # A stack is indented. What called the scheduler sleeps, or was preempted.
    for stack in re.split(r"\n(?! )", rest):
        names += re.findall(r"([\w.]+)\+0x", stack.partition(" __schedule+0x")[0])
    # A function may be NAME.isra.0+0xOFFSET/0xSIZE.
    return any(re.split(r"[.+]", name)[0] in functions for name in names)


def drop_foreign_races(text, functions):
    """Without the titles of KCSAN's reports about others. The other lines stay,
    as what programs print may be among them."""
    return re.sub(rf"^.*{KCSAN}.*\n(?:(?!.*{KCSAN}|=+$).*\n)*",
                  lambda report: report[0] if is_ours(report[0], functions)
                  else report[0].partition("\n")[2], text, flags=re.MULTILINE)


def drop_faults_of_procfs(text):
    """Without the "Call Trace:" of /proc/PID/cmdline, read where userfaultfd would
    have to provide a page: CONFIG_DEBUG_VM has the kernel print that stack."""
    return re.sub(rf"^.*{NO_RETRY}(?:.*\n)*?.*</TASK>.*\n",
                  lambda report: report[0].replace("Call Trace:", "")
                  if "proc_pid_cmdline_read+" in report[0] else report[0],
                  text, flags=re.MULTILINE)


class Judge:
    """KTAP nested by ABI and program, with an indentation of 0, 2 and 4."""

    def __init__(self, guest, expect, abis):
        self.guest, self.expect, self.abis = guest, expect, abis
        self.plan, self.seen = {}, {}
        self.abi = self.program = ""
        self.good, self.done = set(), []
        self.skipped = 0
        self.failed = False

    def bad(self, text):
        print(f"not ok {self.guest}: {text}")
        self.failed = True

    def close_plan(self, depth, what):
        plan, seen = self.plan.pop(depth, None), self.seen.pop(depth, 0)
        if plan is None:
            self.bad(f"{what}: no plan")
        elif plan != seen:
            self.bad(f"{what}: {seen} of {plan} results")

    def test(self, failed, name):
        name = f"{self.abi} {self.program} {name}"
        skips = "# SKIP" in name
        if failed:
            self.bad(name)
        elif skips and self.expect == "pass":
            self.skipped += 1
            print(f"# skipped: {self.guest} {name}")
        elif not skips and self.expect == "skip":
            self.bad(f"{name}: expected to skip")
        else:
            self.skipped += skips
            self.good.add(self.abi)
            print(f"ok {self.guest}: {name}")

    def result(self, depth, failed, name):
        self.seen[depth] = self.seen.get(depth, 0) + 1
        if depth == 4:
            self.test(failed, name)
            return
        what = f"{self.abi}/{name}" if depth else name
        self.close_plan(depth + 2, what)
        if failed:
            self.bad(what if depth else f"ABI {name}")
        elif not depth and name in self.good:
            self.done.append(name)

    def line(self, line):
        if TROUBLE.search(line):
            self.bad(f"the kernel says: {line}")
        text = line.lstrip(" ")
        depth = len(line) - len(text)
        if depth not in (0, 2, 4):
            return
        if depth and text.startswith("# Subtest: "):
            name = text.removeprefix("# Subtest: ")
            if depth == 2:
                self.abi = name
            else:
                self.program = name
        elif took := depth == 2 and re.fullmatch(r"# .* took (\d+) s", text):
            print(f"# time: {self.guest} {self.abi} {took[1]}")
        elif plan := re.match(r"1\.\.(\d+)", text):
            if depth in self.plan:
                self.bad(f"{self.abi}: a second plan: {text}")
            self.plan[depth] = int(plan[1])
        elif result := RESULT.fullmatch(text):
            self.result(depth, bool(result[1]), result[2])

    def end(self):
        self.close_plan(0, "the guest")
        if sorted(self.done) != sorted(self.abis):
            self.bad(f"expected the ABIs {' '.join(self.abis)}, ended well: "
                     f"{' '.join(self.done)}")
        if self.skipped:
            print(f"# {self.guest}: {self.skipped} skipped")


def main(command, functions, guest="", expect="", abis=""):
    text = sys.stdin.buffer.read().decode("latin-1").replace("\r", "")
    if functions:
        text = drop_foreign_races(text, set(functions.split()))
    if command == "kcsan":
        races = [line for line in text.split("\n")[:-1] if KCSAN in line]
        print("\n".join(races))
        return not races
    judge = Judge(guest, expect, abis.split())
    for line in drop_faults_of_procfs(text).split("\n")[:-1]:
        judge.line(line)
    judge.end()
    return judge.failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
