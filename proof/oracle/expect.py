# SPDX-License-Identifier: GPL-2.0
"""What the table `columns` can use in its expressions: what an oracle has to
show for a record, in the oracle's units and words."""

import os

import psutil

HZ = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGESIZE")
NSEC = 10**9

GROUP_MEM = 0x20

# Of top's column COMMAND, in lines as long as it allows
TOP_WIDTH = 505

CLASSES = ("TS", "FF", "RR", "B", "ISO", "IDL", "DLN", "EXT")
STATES = {
    "R": "running", "S": "sleeping", "D": "disk-sleep", "T": "stopped",
    "t": "tracing-stop", "Z": "zombie", "X": "dead", "I": "idle",
    "P": "parked",
}


def ticks(ns):
    return ns * HZ // NSEC


def hms(ticks_used):
    total = ticks_used // HZ
    days, rest = divmod(total, 86400)
    prefix = f"{days}-" if days else ""
    return f"{prefix}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def stat_letters(state, nice, locked, leader, threads, foreground):
    """ps's column stat: the state and its modifiers."""
    return (state + ("<" if nice < 0 else "N" if nice > 0 else "") +
            ("L" if locked else "") + ("s" if leader else "") +
            ("l" if threads > 1 else "") + ("+" if foreground else ""))


def sched_class(policy):
    return CLASSES[policy] if policy < len(CLASSES) else "#"


def shown_nice(policy, nice):
    """ps shows it only for the policies that use it."""
    return str(nice) if CLASSES[policy] in ("TS", "B") else "-"


def shown_rt(policy, rt_priority):
    return "-" if CLASSES[policy] == "TS" else str(rt_priority)


def hex_dots(flags):
    """top's column Flags: eight digits, with dots for zeros."""
    return f"{flags:08x}".replace("0", ".")


def printable(name):
    """ps in the C locale: dots for control characters, question marks for what
    is not ASCII."""
    return "".join("?" if c > "\x7f" else c if " " <= c <= "~" else "."
                   for c in name)


def args(cmdline, name, state):
    """ps, pgrep -a and top -c show the arguments with blanks between them, and
    the name in brackets without any."""
    if not cmdline:
        return f"[{printable(name)}]" + (" <defunct>" if state == "Z" else "")
    text = cmdline.rstrip("\0")
    text = text.replace("\0", " ").replace("\n", " ")
    if len(text) == len(cmdline) and text.endswith(" "):
        text = text[:-1]
    return printable(text) or "?"


def cut(text):
    """What of it top shows, which leaves out blanks at the end of a line."""
    if len(text) > TOP_WIDTH:
        text = text[:TOP_WIDTH - 1] + "+"
    return text.rstrip(" ")


def mem(mask, value):
    """Without an address space there is nothing to show."""
    return value if mask & GROUP_MEM else 0


# As the kernel reports it, in whole seconds
BOOT = int(psutil.boot_time())

HELPERS = {name: value for name, value in globals().items()
           if not name.startswith("_")}
