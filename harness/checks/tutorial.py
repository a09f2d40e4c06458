#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Follow docs/tutorial.rst to the letter, in a fresh clone of this repository.

  tutorial.py [PAGE]

Compares what each command prints with what is shown. A literal block that begins with
"$ " has commands and their output, as on a terminal. A line "..." stands for any
lines, "..." in a line for any text, and seconds, addresses and IDs of commits for any
others.
Commands begin in an empty directory, shown as /home/me; $URL is this repository.
"""

import difflib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HARNESS = pathlib.Path(os.environ.get("HARNESS", pathlib.Path(__file__).parents[1]))
TOP = HARNESS.resolve().parent
TUTORIAL = TOP / "docs/tutorial.rst"
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
HOME = "/home/me"
INDENT = "    "
# A command, which may have more lines, and its output
COMMAND = re.compile(r"^    \$ ((?:.*\\\n)*.*)\n((?:    (?!\$ ).*\n|\n)*)", re.M)
VARIES = [(r"\b\d+ s\b", "N s"), (r"\b0x[0-9a-f]+", "0xN"),
          (r"\b[0-9a-f]{12,40}\b", "ID")]
# What was set for this script
NOT_FOR_CLONE = "HARNESS BUILD SERIES BASE LINUX CONFIG ARCH ABIS CC MAKEFLAGS MAKELEVEL"


def normal(line):
    for pattern, text in VARIES:
        line = re.sub(pattern, text, line)
    return line.rstrip()


def matches(shown, printed):
    pattern = "".join(r"(?:.*\n)*" if line == "..." else
                      re.escape(normal(line)).replace(r"\.\.\.", ".*") + "\n"
                      for line in shown)
    return re.fullmatch(pattern, "".join(normal(line) + "\n" for line in printed))


class Shell:
    """Runs commands one after the other; cd has an effect on the next ones."""
    def __init__(self, home):
        self.home = self.directory = home
        self.environment = {**os.environ, "URL": str(TOP)}
        for name in NOT_FOR_CLONE.split():
            self.environment.pop(name, None)

    def run(self, command):
        where = self.home.parent / f"{self.home.name}.cwd"
        process = subprocess.run(
            ["sh", "-c", f"{command}\nstatus=$?\npwd >{where}\nexit $status"],
            cwd=self.directory, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", check=False)
        if where.exists():
            self.directory = where.read_text(encoding="utf-8").rstrip("\n")
            where.unlink()
        text = process.stdout.replace(str(self.home), HOME).replace("\r", "")
        return process.returncode, text.splitlines()


def follow(text, home):
    """Returns whether each command prints what is shown."""
    shell, good = Shell(home), True
    begin = time.monotonic()
    for command, shown in COMMAND.findall(text):
        shown = [line.removeprefix(INDENT) for line in shown.rstrip().splitlines()]
        status, printed = shell.run(command)
        what = f"$ {' '.join(command.split())}"
        if status == 0 and matches(shown, printed):
            print(f"ok tutorial: {what}", flush=True)
        else:
            good = False
            print(*(f"# {line}" for line in difflib.unified_diff(
                shown, printed, "shown", "printed", lineterm="")),
                  f"not ok tutorial: {what}", sep="\n", flush=True)
        cpu = sum(os.times()[2:4])	# Of children, as a user and in the kernel
        print(f"# {time.monotonic() - begin:.0f} s, {cpu:.0f} s of CPU time "
              "since the start")
        if status:
            print(f"not ok tutorial: ended there with status {status}")
            break
    return good


def main(page=TUTORIAL):
    text = pathlib.Path(page).read_text(encoding="utf-8")
    BUILD.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(dir=BUILD, prefix=".work.") as home:
        return not follow(text, pathlib.Path(home))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
