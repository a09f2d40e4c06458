# SPDX-License-Identifier: GPL-2.0
"""A script for gdb: let the guest run up to the system call NAME, and print the
backtrace. gdb.sh starts gdb, where QEMU listens at the socket "gdb".
"""

import os

import gdb


def is_defined(function):
    try:
        gdb.decode_line(function)
    except gdb.error:
        return False
    return True


def functions_of(name):
    """What all entry points call if there is such a function, else each of them."""
    for group in [f"ksys_{name}"], [f"__do_sys_{name}", f"__do_compat_sys_{name}"]:
        if found := list(filter(is_defined, group)):
            return found
    raise gdb.GdbError(f"expected ksys_{name} or __do_sys_{name} in the kernel")


def depth():
    """The number of frames; the one that called the kernel has no name."""
    frame, frames = gdb.newest_frame(), 0
    while frame and frame.name():
        frame, frames = frame.older(), frames + 1
    return frames


def run(command):
    return gdb.execute(command, to_string=True)


def main(name):
    for setting in ("confirm off", "pagination off", "debuginfod enabled off",
                    "print inferior-events off", "suppress-cli-notifications on"):
        run(f"set {setting}")
    for function in functions_of(name):
        run(f"break {function}")
    run("target remote gdb")
    try:
        run("continue")
    except gdb.error:
        pass			# The guest has ended
    if not any(breakpoint.hit_count for breakpoint in gdb.breakpoints()):
        raise gdb.GdbError(f"the guest did not call {name}")
    gdb.execute(f"backtrace {depth()}")
    run("set suppress-cli-notifications off")


try:
    main(os.environ["NAME"])
except (gdb.error, gdb.GdbError) as error:
    print(f"gdb: {error}")
    gdb.execute("quit 1")
