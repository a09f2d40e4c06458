# SPDX-License-Identifier: GPL-2.0
"""The oracles: programs that others wrote, and how to ask them.

ask(oracle, columns) yields the columns in batches, each with a function that
asks for them: it gets the records and returns, for "process" and "thread", what
is shown for each PID, {pid: {column: value}}.
"""

import os
import re
import subprocess
from collections import Counter

import psutil

import toprc


def run(command, **options):
    """The output, and the PID, which the program may have shown as well."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    output = child.communicate()[0].decode("latin-1")
    if child.returncode:
        raise OSError(f"{' '.join(command)}: status {child.returncode}")
    return output, child.pid


def ps_table(options, key, columns):
    """Columns without blanks, or just one with what is behind the key."""
    command = ["ps", "-e", "-ww", *options]
    for column in [key, *columns]:
        width = ":400" if column == "cgroup" else ""
        command += ["-o", f"{column}{width}="]
    output, own = run(command)
    answers = {}
    for line in output.splitlines():
        pid, rest = re.fullmatch(r" *(\d+) (.*)", line).groups()
        values = [rest] if len(columns) == 1 else rest.split()
        answers[int(pid)] = dict(zip(columns, values, strict=True))
    answers.pop(own, None)
    return answers


PS_TEXT = {"args", "cmd", "comm", "ucmd", "lstart", "cgroup"}


def ps_batches(options, key, record, columns):
    batches = [[c for c in columns if c not in PS_TEXT]]
    batches += [[c] for c in columns if c in PS_TEXT]
    for batch in filter(None, batches):
        # A batch of one column has it twice: rest is not split then.
        yield batch, lambda dumps, b=batch: {
            record: ps_table(options, key, b)}


def top(fields, *options):
    """The last column may have blanks if it is COMMAND."""
    env = {**os.environ, "HOME": toprc.write(fields), "TERM": "dumb"}
    output, own = run(["top", "-b", "-n", "1", "-w", "512", *options], env=env)
    lines = output.partition("\n\n")[2].splitlines()
    names = lines[0].split()
    answers = {}
    for line in lines[1:]:
        values = line.split()
        if "COMMAND" in fields:
            pid = line[:lines[0].index("COMMAND") - 1]
            values = [pid, line[len(pid) + 1:]]
        answer = dict(zip(names, values, strict=True))
        answers[int(answer["PID"])] = answer
    answers.pop(own, None)
    return {"process": answers}


def top_batches(columns):
    batches = [[c for c in columns if c != "COMMAND"],
               [c for c in columns if c == "COMMAND"]]
    for batch, fields in zip(batches, (toprc.SHOWN, toprc.NAMED)):
        if batch:
            yield batch, lambda dumps, f=fields: top(f)


def choose(records, field):
    """The value that most have and two rare ones; 0 is special to pgrep."""
    counts = Counter(r[field] for r in records.values() if r[field])
    values = [value for value, _ in counts.most_common()]
    return values[:1] + values[1:][-2:]


PGREP_FIELDS = {
    "-u": "euid", "-U": "uid", "-G": "gid", "-g": "pgid", "-s": "sid",
    "-P": "ppid", "-t": "tty_nr", "-r": "state",
}


def pgrep_words(option, values):
    if option == "-t":
        # The terminals of the population are pseudo-terminals.
        return ",".join(f"pts/{v & 0xff}" for v in values)
    return ",".join(str(v) for v in values)


NAME_PATTERN = "plain-1.*|s.*|.*[()].*"


def pgrep(option, dumps):
    records = dumps["process"].records
    if option == "-x":
        output, own = run(["pgrep", "-x", NAME_PATTERN])
        wanted = re.compile(NAME_PATTERN).fullmatch
    else:
        values = choose(records, PGREP_FIELDS[option])
        output, own = run(["pgrep", option, pgrep_words(option, values)])
        wanted = values.__contains__
    found = {int(pid) for pid in output.split()} - {own}
    # An answer is what the expected value is looked up with, and the result.
    return {"process": {pid: {option: (wanted, pid in found)}
                        for pid in found | set(records)}}


def pgrep_list(option, column):
    """Names may have any character but this."""
    end = "\x1e\x1e"
    output, own = run(["pgrep", "-d", end, option, ""])
    answers = {}
    for line in output.removesuffix("\n").split(end):
        pid, _, shown = line.partition(" ")
        answers[int(pid)] = {column: shown}
    answers.pop(own, None)
    return {"process": answers}


def flatten(answer):
    flat = {}
    for name, value in answer.items():
        if hasattr(value, "_asdict"):
            for part, number in value._asdict().items():
                flat[f"{name}.{part}"] = number
        else:
            flat[name] = value
    return flat


def ask_thread(thread):
    """A thread has files of its own, as if it were a process."""
    try:
        switches = psutil.Process(thread.id).num_ctx_switches()
    except psutil.NoSuchProcess:
        return {}
    return flatten({"threads": thread, "num_ctx_switches": switches})


def ask_psutil(columns):
    attributes = {column.partition(".")[0] for column in columns}
    processes, threads = {}, {}
    for process in psutil.process_iter():
        try:
            answer = process.as_dict(attributes)
        except psutil.NoSuchProcess:
            continue
        for thread in answer.pop("threads") or ():
            threads[thread.id] = ask_thread(thread)
        processes[process.pid] = flatten(answer)
    return {"process": processes, "thread": threads}


def system_calls(pid):
    fd = os.pidfd_open(pid, os.O_EXCL)	# PIDFD_THREAD
    inode = os.fstat(fd).st_ino
    os.close(fd)
    return {
        "getpgid": os.getpgid(pid),
        "getsid": os.getsid(pid),
        "getpriority": os.getpriority(os.PRIO_PROCESS, pid),
        "sched_getscheduler": os.sched_getscheduler(pid),
        "sched_getparam": os.sched_getparam(pid).sched_priority,
        "pidfd_open st_ino": inode,
    }


def python(dumps):
    answers = {}
    for record, dump in dumps.items():
        answers[record] = {}
        for pid in dump.records:
            try:
                answers[record][pid] = system_calls(pid)
            except ProcessLookupError:
                pass
    return answers


def ask(oracle, columns):
    columns = list(dict.fromkeys(columns))
    if oracle == "ps":
        yield from ps_batches([], "pid", "process", columns)
    elif oracle == "ps --cumulative":
        yield from ps_batches(["--cumulative"], "pid", "process", columns)
    elif oracle == "ps -L":
        yield from ps_batches(["-L"], "lwp", "thread", columns)
    elif oracle == "top":
        yield from top_batches(columns)
    elif oracle == "top -c":
        yield columns, lambda dumps: top(toprc.NAMED, "-c")
    elif oracle in ("pgrep -a", "pgrep -l"):
        yield columns, lambda dumps: pgrep_list(oracle.split()[1], columns[0])
    elif oracle == "pgrep":
        for option in columns:
            yield [option], lambda dumps, o=option: pgrep(o, dumps)
    elif oracle == "psutil":
        yield columns, lambda dumps: ask_psutil(columns)
    elif oracle == "python":
        yield columns, python
    else:
        raise ValueError(f"columns: no such oracle: {oracle}")
