# SPDX-License-Identifier: GPL-2.0
"""The records of the system call, as xyzzy_dump prints them."""

import re
import subprocess
import time

TEXT = {"comm", "state", "cmdline", "name"}

# What stays the same as long as a PID is not reused.
IDENTITY = ("pid", "start_time", "pidfs_ino")
# What changes when a process runs.
SWITCHES = ("nvcsw", "nivcsw")


def unescape(text):
    """Text has any bytes; each is the character of that number here."""
    return re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), text)


def parse(names, line):
    record = {}
    for name, value in zip(names, line.split("\t"), strict=True):
        record[name] = unescape(value) if name in TEXT else int(value)
    return record


class Dump:
    """All records at one time, which is that of the clock `uptime`."""

    def __init__(self, program, threads=False):
        self.uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
        command = [program, "-t"] if threads else [program]
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        names, *lines = output.stdout.decode("ascii").splitlines()
        self.names = names.split("\t")
        self.records = {}
        for line in lines:
            record = parse(self.names, line)
            # For the columns that say how long ago something was.
            record["now"] = int(self.uptime * 10**9)
            if record["pid"] in self.records:
                raise ValueError(f"PID {record['pid']} is there twice")
            self.records[record["pid"]] = record


def in_both(first, last):
    """The PIDs, and both records, of what was there all the time."""
    for pid, before in first.records.items():
        after = last.records.get(pid)
        if after and all(before[f] == after[f] for f in IDENTITY):
            yield pid, before, after


def ran(before, after):
    """Did it run meanwhile? If not, then nothing of it may have changed."""
    return ("R" in (before["state"], after["state"]) or
            any(before[f] != after[f] for f in SWITCHES))
