# SPDX-License-Identifier: GPL-2.0
"""Where an oracle is known to show something else than the record, and why.

A difference is explained only if a third witness agrees with the record: the
text of /proc or, where that shows more of a kernel thread's name than comm
holds, its beginning.
"""

import os

from expect import HZ, ticks
from records import ran

PF_WQ_WORKER = 0x20
PF_KTHREAD = 0x200000
COMM_MAX = 15


def read_proc(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read().decode("latin-1")


def keyed(path, name, key):
    """The number behind the key in a file like status or io."""
    for line in read_proc(path, name).splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return 0


def stat(path, number):
    """A field of a stat file, counted as proc(5) does."""
    return read_proc(path, "stat").rpartition(")")[2].split()[number - 3]


def kernel_thread_name(column, record, value, expected, _):
    """comm is what the record has; procfs adds for kernel threads the rest of a
    longer name, and what a worker works on"""
    return (column.uses("comm") and isinstance(value, str) and
            record["flags"] & PF_KTHREAD and value.startswith(expected) and
            (record["flags"] & PF_WQ_WORKER or len(expected) == COMM_MAX))


def name_from_command_line(column, record, value, expected, _):
    """psutil completes a name of 15 bytes from the command line"""
    if column.title != "psutil name" or len(expected) < COMM_MAX:
        return False
    program = read_proc(record["pid"], "cmdline").partition("\0")[0]
    comm = read_proc(record["pid"], "comm").rstrip("\n")
    return value == os.path.basename(program) and comm == record["comm"]


def no_lib(column, record, value, expected, _):
    """psutil's lib is the fifth number of statm, which is always 0; VmLib in
    status is what the record has"""
    return (column.title == "psutil memory_info.lib" and value == 0 and
            keyed(record["pid"], "status", "VmLib") * 1024 == expected)


def leader_alone(column, record, value, expected, measurement):
    """psutil has the context switches of the leader alone, as status has them;
    the record has those of all threads, also of those that are gone"""
    if column.record != "process" or "ctx_switches" not in column.name:
        return False
    field = "nvcsw" if column.uses("nvcsw") else "nivcsw"
    leader = measurement.first["thread"].records.get(record["pid"])
    return bool(leader) and value == leader[field] < expected


# What ps shows in a column, from the files below a path.
FIGURES = {
    "min_flt": lambda path: int(stat(path, 10)),
    "maj_flt": lambda path: int(stat(path, 12)),
    "cputimes": lambda path: (int(stat(path, 14)) + int(stat(path, 15))) // HZ,
    "rchars": lambda path: keyed(path, "io", "rchar"),
    "wchars": lambda path: keyed(path, "io", "wchar"),
    "rops": lambda path: keyed(path, "io", "syscr"),
    "wops": lambda path: keyed(path, "io", "syscw"),
    "rbytes": lambda path: keyed(path, "io", "read_bytes"),
    "wbytes": lambda path: keyed(path, "io", "write_bytes"),
}


def leader_as_process(column, record, value, expected, measurement):
    """ps -L shows the figures of the whole process, in the row of the
    leader; the record has the leader's, as in /proc/PID/task/PID/{stat,io}"""
    pid = record["pid"]
    if (column.oracle != "ps -L" or column.name not in FIGURES or
            pid != record["tgid"]):
        return False
    whole = FIGURES[column.name](pid)
    alone = FIGURES[column.name](f"{pid}/task/{pid}")
    if ran(record, measurement.last["thread"].records[pid]):
        return expected <= alone and expected < value <= whole
    return expected == alone and value == whole


def without_children(column, record, value, expected, measurement):
    """ps --cumulative adds the faults of children, but not their CPU time; the
    record has it as /proc/PID/stat has"""
    pid = record["pid"]
    if column.title != "ps --cumulative cputimes":
        return False
    own = [(ticks(r["utime"]) + ticks(r["stime"])) // HZ for r in (
        record, measurement.last["process"].records[pid])]
    children = int(stat(pid, 16)) + int(stat(pid, 17))
    return (own[0] <= value <= own[1] and
            ticks(record["cutime"]) + ticks(record["cstime"]) <= children)


def misread_parenthesis(column, record, value, expected, _):
    """psutil's threads() takes the first ')' for the end of the name and then
    counts the fields of stat from there; utime and stime in
    /proc/PID/task/TID/stat are those of the record"""
    path = f"{record['tgid']}/task/{record['pid']}"
    number = {"threads.user_time": 14, "threads.system_time": 15}
    return (column.oracle == "psutil" and column.name in number and
            ")" in record["comm"] and
            expected == int(stat(path, number[column.name])))


CASES = (kernel_thread_name, name_from_command_line, no_lib, leader_alone,
         leader_as_process, without_children, misread_parenthesis)


def explain(column, record, value, expected, measurement):
    """The reason, or None."""
    for case in CASES:
        try:
            if case(column, record, value, expected, measurement):
                return " ".join(case.__doc__.split())
        except (FileNotFoundError, ProcessLookupError):
            pass	# It is gone, and there is no witness
    return None
