# SPDX-License-Identifier: GPL-2.0
"""Common to the checks in Python: run a command, and print a result."""

import os
import subprocess

failed = False


def check(name, good, said=""):
    global failed
    if good:
        print(f"ok {name}", flush=True)
    else:
        print(*[f"# {line}" for line in said.splitlines()[-40:]],
              f"not ok {name}", sep="\n", flush=True)
        failed = True


def run(command, text="", **environment):
    """The exit status, and what it printed."""
    done = subprocess.run([str(word) for word in command], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **environment}, check=False)
    return done.returncode, done.stdout
