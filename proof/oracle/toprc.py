# SPDX-License-Identifier: GPL-2.0
"""A configuration for top(1): which columns it shows in batch mode."""

import os
import tempfile

# Their numbers in top's own list of fields.
SHOWN = {
    "PID": 0, "VIRT": 22, "SWAP": 23, "RES": 24, "CODE": 25, "DATA": 26,
    "SHR": 27, "Flags": 34, "OOMa": 39, "RSan": 52, "RSfd": 53, "RSlk": 54,
    "RSsh": 55,
}
FIELDS = 100


# With the last column of any width
NAMED = {"PID": 0, "COMMAND": 32}


def field_list(fields):
    """A field is twice its number and some, and odd if it is shown."""
    shown = list(fields.values())
    hidden = [number for number in range(FIELDS) if number not in shown]
    words = ([2 * (number + 37) + 1 for number in shown] +
             [2 * (number + 37) for number in hidden])
    lines = [words[i:i + 20] for i in range(0, FIELDS, 20)]
    return "\n\t\t".join(" ".join(f"{w:4}" for w in line) + " "
                         for line in lines)


def window(name, fields):
    return (f"{name}\tfieldscur={field_list(fields)}\n"
            "\twinflags=193844, sortindx=0, maxtasks=0, graph_cpus=0, "
            "graph_mems=0, double_up=0, combine_cpus=0, core_types=0\n"
            "\tsummclr=1, msgsclr=1, headclr=3, taskclr=1\n")


def write(fields):
    """Returns the home directory to run top with."""
    home = tempfile.mkdtemp()
    directory = os.path.join(home, ".config", "procps")
    os.makedirs(directory)
    with open(os.path.join(directory, "toprc"), "w", encoding="ascii") as rc:
        rc.write("top's Config File (Linux processes with windows)\n"
                 "Id:k, Mode_altscr=0, Mode_irixps=1, Delay_time=3.0, "
                 "Curwin=0\n")
        for name in ("Def", "Job", "Mem", "Usr"):
            rc.write(window(name, fields))
        rc.write("Fixed_widest=0, Summ_mscale=1, Task_mscale=0, "
                 "Zero_suppress=0, Tics_scaled=0\n")
    return home
