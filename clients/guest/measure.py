# SPDX-License-Identifier: GPL-2.0
"""Measure what the commands cost, in a guest whose clock counts instructions.

  measure.py SIZE... [COMMAND...]	SIZE is a number of processes

Prints a line "csv SIZE,COMMAND-BUILD-WHAT,m64,FIGURE" for each figure. WHAT is
  instructions	user and system time of the program, start-up included
  each		the same for each process, without what the command's base costs
  calls		system calls, counted by the kernel's trace events
  files		files below /proc/PID that it opened, for each process
"""

import collections
import os
import pathlib
import pty
import re
import subprocess
import sys

import programs

BUILDS = ("orig", "fixed", "xyzzy")
SLEEPER = ["/bin/sleep", "1000000"]
TRACING = pathlib.Path("/sys/kernel/tracing")
SYSCALLS = TRACING / "events/raw_syscalls/sys_enter"
FILE_OF_PROCESS = re.compile(r'"/proc/[0-9]+[/"]|</proc/[0-9]+[^>]*>, "[^"]')
# The files are counted with few processes: strace is slow.
FILES_AT = 500


def count_processes():
    return sum(name.isdigit() for name in os.listdir("/proc"))


def populate(size):
    for _ in range(size - count_processes()):
        os.posix_spawn(SLEEPER[0], SLEEPER, {})


def run(words, environment, before_exec=lambda pid: None):
    """Run the program, on a terminal if it wants one; returns its rusage."""
    on_terminal = words[0] == programs.SCREEN
    if on_terminal:
        words = words[1:]
    ready, release = os.pipe()
    if on_terminal:
        pid, terminal = pty.fork()
    else:
        pid, terminal = os.fork(), None
    if not pid:
        os.close(release)
        if not on_terminal:
            os.dup2(os.open("/dev/null", os.O_RDWR), 1)
        os.read(ready, 1)
        os.execvpe(words[0], words, environment)
    os.close(ready)
    before_exec(pid)
    os.close(release)
    while terminal is not None:
        try:
            os.read(terminal, 65536)
        except OSError:  # EIO: the program has ended
            os.close(terminal)
            terminal = None
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{words} ended with status {status}")
    return usage


def instructions(words, environment):
    usage = run(words, environment)
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


def calls(words, environment):
    def trace(pid):
        (TRACING / "set_event_pid").write_text(str(pid))
        (SYSCALLS / "trigger").write_text("hist:keys=id")

    (TRACING / "options/event-fork").write_text("1")
    run(words, environment, trace)
    histogram = (SYSCALLS / "hist").read_text()
    (SYSCALLS / "trigger").write_text("!hist:keys=id")
    return int(re.search(r"Hits: ([0-9]+)", histogram)[1])


def opened_files(words, environment):
    """{name: how often} of what was opened below directories of processes"""
    log = "/tmp/strace"
    strace = ["strace", "-f", "-y", "-e", "trace=open,openat", "-o", log]
    at = 1 if words[0] == programs.SCREEN else 0
    run([*words[:at], *strace, *words[at:]], environment)
    names = collections.Counter()
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if FILE_OF_PROCESS.search(line):
                names[re.findall(r'"([^"]*)"', line)[0].rpartition("/")[2]] += 1
    return names


def measure(size, command, build):
    environment = programs.environment(build)
    name = f"{command.name}-{build}"
    number = instructions(command.words, environment)
    print(f"csv {size},{name}-instructions,m64,{number}")
    if command.base:
        number -= instructions(command.base, environment)
    print(f"csv {size},{name}-each,m64,{number / size:.1f}")
    print(f"csv {size},{name}-calls,m64,{calls(command.words, environment)}")
    if size == FILES_AT:
        names = opened_files(command.words, environment)
        print(f"csv {size},{name}-files,m64,{sum(names.values()) / size:.2f}")
        for file, often in names.most_common():
            print(f"# {name} opened {file} {often} times")
    sys.stdout.flush()


def main(*words):
    sizes = sorted(int(word) for word in words if word.isdigit())
    names = [word for word in words if not word.isdigit()]
    if not TRACING.is_mount():
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], check=True)
    for size in sizes:
        populate(size)
        for command in programs.commands(names):
            for build in BUILDS:
                measure(size, command, build)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
