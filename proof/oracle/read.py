# SPDX-License-Identifier: GPL-2.0
"""How to read what an oracle shows: text to the value to compare with."""

import calendar
import os
import time

from expect import BOOT, HZ

CGROUPS = "/sys/fs/cgroup"


def number(text):
    return int(text)


def text(value):
    return value


def name(value):
    """psutil has names as Python's file names: bytes behind surrogates."""
    return os.fsencode(value).decode("latin-1")


def tty(value):
    """A terminal's name to its number as in /proc/PID/stat; none is 0."""
    if value in (None, "?"):
        return 0
    path = value if value.startswith("/dev/") else "/dev/" + value
    device = os.stat(path).st_rdev
    minor = os.minor(device)
    return minor & 0xff | os.major(device) << 8 | (minor & ~0xff) << 12


def cgroup(value):
    """A cgroup's path to its ID, which is its directory's inode number."""
    path = "/" if value == "-" else value.partition("0::")[2]
    return os.stat(CGROUPS + path).st_ino


def date(value):
    """To seconds since the epoch."""
    return calendar.timegm(time.strptime(value))


def ticks(value):
    """Seconds as a floating point number, of which a tick is the unit."""
    return round(value * HZ)


def ticks_since_boot(value):
    return round((value - BOOT) * HZ)


def member(value):
    return value


READERS = {f.__name__: f for f in (
    number, text, name, tty, cgroup, date, ticks, ticks_since_boot, member)}
