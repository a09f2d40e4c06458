# SPDX-License-Identifier: GPL-2.0
"""Run the commands of the table with one of the builds below /opt."""

import collections
import ctypes
import os
import pathlib
import shlex
import struct
import subprocess

HERE = pathlib.Path(__file__).parent
# In front of what draws on a terminal
SCREEN = "/clients/screen.sh"
SWITCHES = ("LIBPROC_NO_XYZZY", "HTOP_NO_XYZZY", "PSUTIL_NO_XYZZY")
TIMEOUT = 600

Command = collections.namedtuple("Command", "name key base words")

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x00050000, 0x7fff0000
BPF_LOAD_NR, BPF_JUMP_EQUAL, BPF_RETURN = 0x20, 0x15, 0x06

libc = ctypes.CDLL(None, use_errno=True)


def read_rows(name, fields):
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t", fields - 1)


def commands(names=()):
    for name, key, base, words in read_rows("commands", 4):
        if not names or name in names:
            yield Command(name, None if key == "-" else int(key),
                          None if base == "-" else shlex.split(base),
                          shlex.split(words))


def environment(build, switched_off=False):
    root = f"/opt/{build}"
    return {"PATH": f"{root}/bin:{root}/sbin:/usr/bin:/usr/sbin:/bin:/sbin",
            "LD_LIBRARY_PATH": f"{root}/lib",
            "PYTHONPATH": f"{root}/lib", "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8", "TERM": "linux", "HOME": "/tmp",
            **({name: "1" for name in SWITCHES} if switched_off else {})}


def deny(number, error):
    """Let the system call fail with the error from now on, by a filter."""
    def instruction(code, true, false, value):
        return struct.pack("HBBI", code, true, false, value)

    code = b"".join([instruction(BPF_LOAD_NR, 0, 0, 0),
                     instruction(BPF_JUMP_EQUAL, 0, 1, number),
                     instruction(BPF_RETURN, 0, 0, SECCOMP_RET_ERRNO | error),
                     instruction(BPF_RETURN, 0, 0, SECCOMP_RET_ALLOW)])
    buffer = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer)))
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                      (PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                       ctypes.c_void_p(ctypes.addressof(program)), 0, 0)):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


def output(build, command, user=0, switched_off=False, denied=None):
    """What the command prints, and its status, as bytes. denied is a number and an
    error. A user need not see what the command looks for; root does."""
    def prepare():
        if user:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        if denied:
            deny(*denied)

    process = subprocess.run(
        command.words, env=environment(build, switched_off), cwd="/",
        preexec_fn=prepare, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
    if process.returncode and not user:
        raise RuntimeError(f"{command.name} of {build} ended with status "
                           f"{process.returncode}: {process.stdout[-2000:]!r}")
    return process.stdout + b"status %d" % process.returncode
