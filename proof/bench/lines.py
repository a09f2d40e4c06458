# SPDX-License-Identifier: GPL-2.0
"""A script for gdb: which cache lines a record is read from. It steps through
the first batch of each kind of call that the guest makes, an instruction at a time.
harness/gdb.sh starts it. LINES_OF says for which kind of call to list the lines.

Lines count if they belong to one process alone; all others stay in the caches.
"""

import os
import re

import gdb

LINE = 64
ADDRESS = (1 << 64) - 1
GROUPS = "ID CREDS SCHED TIMES FAULTS MEM IO CGROUP CMDLINE NAME DELAYS".split()
POINTERS = {"pid": "thread_pid", "signal": "signal", "mm": "mm", "cred": "real_cred"}
COUNTS_SIZE = 16		# Of an mm, on each CPU
COLUMNS = "pid task signal mm cred counts".split()
OPERAND = re.compile(r"(-?0x[0-9a-f]+)?\((%\w+)?(?:,(%\w+)(?:,(\d))?)?\)")


def run(command):
    return gdb.execute(command, to_string=True)


def number(expression):
    return int(gdb.parse_and_eval(f"(unsigned long)({expression})"))


class FirstBatch(gdb.Breakpoint):
    """Of each kind of call of the benchmark; its first one, without procfd, is none."""

    kinds = {}

    def stop(self):
        return number("walk->procfs") and kind_of_call() not in self.kinds


def kind_of_call():
    mask, approx = number("walk->mask"), number("walk->approx_mem")
    names = [name for bit, name in enumerate(GROUPS) if mask & 1 << bit]
    if names == GROUPS[:8]:
        names = ["all"]
    return ", ".join(names + ["APPROX_MEM"] * approx)


def tasks():
    offset = number("&((struct task_struct *)0)->tasks")
    entry = number("init_task.tasks.next")
    while entry != number("&init_task.tasks"):
        yield gdb.parse_and_eval(f"*(struct task_struct *){entry - offset}")
        entry = number(f"((struct list_head *){entry})->next")


class Objects:
    """Those that belong to one process: {start: (kind, size, type, process)}."""

    def __init__(self):
        self.found = {}
        shared = set()
        for task in tasks():
            for start, *what in self.of(task):
                if start in self.found:
                    shared.add(start)
                self.found[start] = (*what, int(task["thread_pid"]))
        for start in shared:
            del self.found[start]

    @staticmethod
    def of(task):
        yield int(task.address), "task", task.type.sizeof, task.type
        for kind, pointer in POINTERS.items():
            of_type = task[pointer].type.target()
            # A pid ends with an array of at least one element.
            more = number("sizeof(struct upid)") if kind == "pid" else 0
            if int(task[pointer]):
                yield int(task[pointer]), kind, of_type.sizeof + more, of_type
        if int(task["mm"]):
            counts = int(task["mm"]["rss_stat"][0]["counters"])
            for cpu in range(number("nr_cpu_ids")):
                yield (counts + number(f"__per_cpu_offset[{cpu}]") & ADDRESS,
                       "counts", COUNTS_SIZE, None)

    def at(self, address):
        """Start of the object, and the line in there."""
        for start, (_, size, *_) in self.found.items():
            if start <= address < start + size:
                return start, address // LINE - start // LINE
        return None


def operands(instruction):
    """Of the memory that it reads or writes: displacement, base, index, scale."""
    name = instruction.split()[0]
    if name.startswith(("lea", "nop")):
        return []
    return [(int(disp or "0", 16), base[1:], index[1:], int(scale or 1))
            for disp, base, index, scale in OPERAND.findall(instruction)
            if base != "%rip"]


def addresses(frame, parts):
    for disp, base, index, scale in parts:
        value = disp
        if base:
            value += int(frame.read_register(base))
        if index:
            value += int(frame.read_register(index)) * scale
        yield value & ADDRESS


def trace():
    """Every address that the batch reads or writes, in this order."""
    frame = gdb.newest_frame()
    architecture, known, seen = frame.architecture(), {}, []
    top = int(frame.read_register("rsp"))
    while int(frame.read_register("rsp")) <= top:
        pc = frame.pc()
        if pc not in known:
            known[pc] = operands(architecture.disassemble(pc)[0]["asm"])
        seen.extend(addresses(frame, known[pc]))
        run("stepi")
        frame = gdb.newest_frame()
    return seen


def lines_of_record(seen, objects):
    """Of one record in the middle, in the order in which they are first touched:
    (kind, line, field)."""
    touched = {}
    for address in seen:
        place = objects.at(address)
        if place:
            touched.setdefault(place, address)
    pids = [start for start, _ in touched if objects.found[start][0] == "pid"]
    for (start, line), address in touched.items():
        kind, _, of_type, process = objects.found[start]
        if process == pids[len(pids) // 2]:
            yield kind, line, of_type and field_at(of_type, address - start) or ""


def field_at(of_type, offset):
    for field in of_type.fields():
        if not hasattr(field, "bitpos"):
            continue
        start = field.bitpos // 8
        if start <= offset < start + field.type.sizeof:
            inner = field.type.strip_typedefs()
            if not field.name and inner.code in (gdb.TYPE_CODE_STRUCT,
                                                 gdb.TYPE_CODE_UNION):
                return field_at(inner, offset - start)
            return field.name or "?"
    return "?"


def main(wanted):
    for setting in ("confirm off", "pagination off", "debuginfod enabled off",
                    "print inferior-events off", "suppress-cli-notifications on"):
        run(f"set {setting}")
    tables = FirstBatch("fill_batch", internal=True).kinds
    run("target remote gdb")
    while True:
        try:
            run("continue")
        except gdb.error:
            break			# The guest has ended
        if not gdb.selected_inferior().pid:
            break
        objects = Objects()
        kind = kind_of_call()
        tables[kind] = list(lines_of_record(trace(), objects))
        if kind == wanted:
            for name, line, field in tables[kind]:
                print(f"{name:7} {line:3}  {field}".rstrip())
            print()
    print(f"{'Lines of a record':20}" + "".join(f"{c:>7}" for c in COLUMNS)
          + f"{'in all':>7}")
    for kind, lines in tables.items():
        count = [sum(line[0] == column for line in lines) for column in COLUMNS]
        print(f"{kind:20}" + "".join(f"{c:7}" for c in [*count, sum(count)]))


try:
    main(os.environ.get("LINES_OF", "all"))
except (gdb.error, gdb.GdbError) as error:
    print(f"gdb: {error}")
    gdb.execute("quit 1")
