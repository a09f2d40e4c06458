# SPDX-License-Identifier: GPL-2.0
"""Can the comparison fail? Change each field of the records in several ways, and
see which columns detect that."""

from expect import PAGE
from judge import Verdict
from records import TEXT

# What changes a figure by more than the accepted error, where that is not 1.
TICK = 10**7
UNITS = {
    "start_time": TICK, "utime": TICK, "stime": TICK,
    "cutime": TICK, "cstime": TICK,
    **dict.fromkeys(("vm_size", "rss_anon", "rss_file", "rss_shmem", "swap",
                     "text", "lib", "data", "stack", "locked"), PAGE),
}


def zeroed(record, field, _):
    return "" if field in TEXT else 0


def one_off(record, field, _):
    value = record[field]
    if field in TEXT:
        return chr(ord(value[0]) ^ 1) + value[1:] if value else "x"
    return value + UNITS.get(field, 1)


def next_field(record, field, names):
    """As if two fields had been mixed up."""
    others = [n for n in names if (n in TEXT) == (field in TEXT)]
    return record[others[(others.index(field) + 1) % len(others)]]


# Why no column detects these.
UNSEEN = {
    ("lib", zeroed): "what psutil shows for it is always 0",
}

# What no oracle shows.
UNSHOWN = {"vm_peak", "rss_peak", "page_tables", "cmdline_size", "blkio_delay",
           "run_delay"}

WAYS = (zeroed, one_off, next_field)


def notices(column, measurement, field, way, names):
    for pid, before, after in measurement.pairs[column.record]:
        changed = [{**r, field: way(r, field, names)} for r in (before, after)]
        if changed[0][field] == before[field]:
            continue
        try:
            verdict, *_ = measurement.judge(column, pid, *changed)
        except (KeyError, ValueError, TypeError, IndexError):
            return True		# The oracle has no such value
        if verdict is Verdict.DIFFERS:
            return True
    return False


def describe(saw, excuse):
    if saw:
        return "noticed by " + ", ".join(saw)
    return f"not noticed: {excuse}" if excuse else "NOT NOTICED"


def report(measured, names):
    """Prints a line a field; returns what no column noticed."""
    unnoticed = []
    for field in names:
        users = [(c, m) for c, m in measured if c.uses(field)]
        if not users:
            print(f"tampered {field}: no oracle shows it")
            if field not in UNSHOWN:
                unnoticed.append(f"{field} at all")
            continue
        for way in WAYS:
            saw = [c.title for c, m in users
                   if notices(c, m, field, way, names)]
            excuse = UNSEEN.get((field, way))
            print(f"tampered {field} {way.__name__}: "
                  f"{describe(saw, excuse)}", flush=True)
            if not saw and not excuse:
                unnoticed.append(f"{field} {way.__name__}")
    return unnoticed
