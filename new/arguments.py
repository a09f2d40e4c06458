# SPDX-License-Identifier: GPL-2.0
"""The arguments of a new system call: their types, what 32-bit programs need for
them, and what is refused; for new.py. The tables types and structs say it.
"""

import dataclasses
import re

from text import NEW, read_kind

MAX_NAME = 28			# That of the longest name so far
REGISTERS = 6
# Words of C, macros, and names that the series uses itself
RESERVED = set("""
auto bool break case char const continue current default do double else enum errno
extern float for goto i386 if inline int linux long register restrict ret return
short signed sizeof static struct switch typedef union unix unsigned void volatile
while""".split())
RESERVED_FIELDS = {"size", "params", "later", "reserved", "reserved2"}
SIGSET = "uint64_t"		# The kernel's own; that of libc is larger


class Refused(Exception):
    pass


def read_table(path):
    """The rows, as lists of their columns."""
    lines = path.read_text(encoding="ascii").splitlines()
    return [re.split(r"\t+", line) for line in lines if line and line[0] != "#"]


@dataclasses.dataclass
class Type:
    name: str
    passed: str			# See new/types
    pointed: str
    compat: str = "-"
    user: str = None
    field: str = "-"
    get: str = None		# Reads the compat layout


def read_types():
    types = {row[0]: Type(*row) for row in read_table(NEW / "types")}
    for words in read_table(NEW / "structs"):
        if words[0].startswith("["):
            layout = words[0].strip("[]")
            continue
        for word in words[0].split():
            name = f"struct {word}"
            types[name] = Type(name, "-", layout, user=name)
    return types


TYPES = read_types()


@dataclasses.dataclass
class Argument:
    text: str			# The type as written, with normal spaces
    name: str
    kind: str = None		# One of the file kinds, and what it is checked for

    def __post_init__(self):
        words = re.sub(r"\b(const|volatile|__user)\b", " ", self.text)
        self.depth = words.count("*")
        base = " ".join(words.replace("*", " ").split())
        self.type = TYPES.get(base)
        if not self.type:
            raise Refused(self.unknown(base))
        if self.depth > 2 or self.type.pointed == "-" and self.depth:
            raise Refused(f"{self.text}: expected no such pointer")
        if not self.depth and self.type.passed == "-":
            raise Refused(f"{self.text} {self.name}: expected a pointer to it, or a "
                          "type that a register can pass, such as int")
        if not self.text.count("__user") == self.text.count("__user *") == self.depth:
            raise Refused(f"{self.text}: expected __user in front of each *")

    @staticmethod
    def unknown(base):
        if base.startswith(("struct ", "union ")):
            return (f"{base}: expected one of new/structs; add it there and say "
                    "whether it is the same for 32-bit programs, or let STRUCT=1 make "
                    "one")
        return f"{base or 'no type'}: expected a type of new/types; add it there"

    @property
    def const(self):
        """What it points to is not written."""
        return bool(self.depth) and bool(re.search(
            r"\bconst\b", self.text if self.depth == 1 else
            self.text.rpartition("*")[0].rpartition("*")[2]))

    @property
    def target(self):
        """What it points to, without const."""
        target = self.text.rpartition("*")[0]
        if self.depth == 1:
            target = re.sub(r"\bconst\b|__user", "", target)
        else:
            target = re.sub(r"(const )?\s*__user\s*$", "", target)
        return " ".join(target.split())

    def compat(self):
        """Why a 32-bit program needs an entry of its own, or None."""
        if not self.depth:
            if self.type.passed == "word":
                return None
            if self.type.passed in ("long", "offset"):
                return f"{self.name} is signed and needs its upper half set"
            return f"{self.name} arrives in two registers"
        if self.depth == 2:
            return f"{self.name} points to pointers"
        if self.type.pointed == "same":
            return None
        if self.type.name in ("sigset_t", "siginfo_t", "fd_set") or \
                self.type.name.startswith(("struct ", "union ")):
            return f"{self.type.name} has another layout"
        return f"{self.name} points to {with_article(self.type.name)} of 32 bits"

    def x32(self):
        """compat or 64, the entry that x32 has to take, or None for either."""
        if not self.compat():
            return None
        word = self.type.passed if not self.depth else \
            "long" if self.depth == 2 else self.type.pointed
        return "compat" if word in ("long", "differs") else "64"

    @property
    def is_wide(self):
        return not self.depth and self.type.passed.endswith("wide")

    @property
    def is_signed(self):
        return not self.depth and self.type.passed in ("long", "offset", "signed-wide")

    @property
    def is_read(self):
        """By the entries, as what it points to has two layouts."""
        return bool(self.depth and self.compat())

    def declare(self):
        return join(self.text, self.name)

    def item(self):
        """What the entries read through it, as user space calls that."""
        if self.depth == 2:
            return "void *"
        return SIGSET if self.type.name == "sigset_t" else self.type.user

    def spelled(self, name):
        """The type with another name for what it consists of."""
        return re.sub(rf"(?<!\w){re.escape(self.type.name)}(?!\w)", name, self.text)

    def user(self):
        """The type in a prototype of user space, and what is in front of the name."""
        text = " ".join(self.spelled(self.type.user).replace("__user", "").split())
        return join(re.sub(r"\* +(?=\*)", "*", text), "")

    def fixture(self):
        """The fields for it in the fixture of the tests."""
        if self.kind in ("path", "path-at", "string"):
            return [f"\tconst char *{self.name};"]
        if self.kind == "memory":
            return [f"\tvoid *{self.name};", f"\tuint64_t {self.name}_room[8];"]
        return [f"\tvoid *{self.name};" if self.depth else
                f"\t{self.type.user} {self.name};"]

    def example(self):
        """Its declaration in the example: type, name, value."""
        value = read_kind(self.kind).get("example")
        if self.kind in ("path", "path-at", "string"):
            return "const char", f"*{self.name}", value
        if self.is_read:
            kind, star, _ = self.item().partition(" *")
            return f"static {kind}", f"{star.strip()}{self.name}[1]", ""
        if self.kind != "memory":
            return self.type.user, self.name, value
        kind = self.type.user if self.depth and " " not in self.type.user else "uint64_t"
        return f"static {'char' if kind == 'void' else kind}", f"{self.name}[64]", ""

    # As a field of the structure

    def field_size(self):
        """0 if it depends on the program."""
        return 0 if self.depth else {"32": 4, "64": 8}.get(self.type.field[-2:], 0)

    def uapi_field(self):
        if not self.depth:
            return f"\t{self.type.field}\t{self.name};"
        known = self.type.field != "-"
        return f"\t{join(self.spelled(self.type.field) if known else self.text, self.name)};"

    def compat_field(self):
        if self.depth:
            return "compat_uptr_t"
        return {"__u32": "u32", "__s32": "s32", "__u64": "compat_u64",
                "__s64": "compat_s64"}.get(self.type.field, self.type.compat)

    def user_field(self):
        """Type and name, for the man page."""
        if not self.depth:
            return self.type.field, self.name, ""
        return self.user()[:-1].strip(), f"*{self.name}", ""


def join(kind, name):
    return kind + ("" if kind.endswith("*") else " ") + name


def with_article(name):
    return ("an " if re.match("[aeio]|unsigned", name) else "a ") + name


def parse(text):
    """The arguments, whose names may be missing as in a prototype of the kernel."""
    result = []
    text = " ".join(re.sub(r"\s*\*\s*", " *", text).split())
    for part in text.split(",") if text not in ("", "void") else ():
        words = re.fullmatch(r"\s*(.*?[ *])?\s*([A-Za-z_]\w*)\s*", part)
        if words and words[2] not in RESERVED | {"__user"} and words[1]:
            result.append((words[1], words[2]))
        else:
            result.append((part, None))
    return [(re.sub(r"\*\s*(?=__user)", "* ", t).strip(), n) for t, n in result]


def decide(text):
    """Why the call needs a compat entry, a reason for each such argument."""
    arguments = [Argument(t, n or f"argument {i}")
                 for i, (t, n) in enumerate(parse(text), 1)]
    return [reason for reason in (a.compat() for a in arguments) if reason]


# Where each argument goes

def kind_of(argument, before):
    """Its kind, after the name of the argument as much as its type."""
    name, kind = argument.name, "value"
    if argument.is_read:
        kind = "layout" if argument.const else "layout-kept"
    elif argument.depth or argument.type.user == "void *":
        kind = "memory"
        if argument.depth and argument.target == "char" and argument.const:
            is_path = re.search("path|filename", name)
            kind = "string" if not is_path else \
                "path-at" if before and is_dfd(before) else "path"
    elif name == "flags":
        kind = "flags"
    elif is_dfd(argument):
        kind = "dfd"
    elif re.search("pidfd$", name):
        kind = "pidfd"
    elif re.search("fd$", name):
        kind = "fd"
    elif argument.type.name == "pid_t":
        kind = "pid"
    elif argument.is_signed:
        kind = "negative"
    return kind


def is_dfd(argument):
    return re.search("dfd$|dirfd$", argument.name) and "pidfd" not in argument.name \
        and argument.type.passed == "word"


def check_name(name):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise Refused(f"NAME={name}: expected a name in C of lower-case letters, digits "
                      "and underscores")
    if len(name) > MAX_NAME:
        raise Refused(f"NAME={name}: expected at most {MAX_NAME} characters")


def check_arguments(arguments, struct):
    names = [a.name for a in arguments]
    for name in names:
        if names.count(name) > 1:
            raise Refused(f"{name}: expected a name for each argument")
        used = [other for other in names if name in names_for(other)]
        if used or struct and name in RESERVED_FIELDS:
            raise Refused(f"{name}: expected another name, as the series uses that one "
                          f"for {used[0] if used else 'the structure'}")
    if not struct:
        check_registers(arguments)
        return
    for a in arguments:
        if a.is_read:
            raise Refused(f"{a.declare()}: expected a field that points to what has "
                          "one layout in all programs")
        if a.type.field == "-" and not (a.depth and a.type.name.startswith(
                ("struct ", "union "))):
            raise Refused(f"{a.text} {a.name}: expected a type that a structure can have; "
                          "see the last column of new/types")


def names_for(name):
    """Of the variables that the kinds and the entries have for an argument."""
    return [f"k{name}", f"u{name}", *(f"{name}_{what}" for what in (
        "file", "flags", "found", "room", "task"))]


def check_registers(arguments):
    if len(arguments) > REGISTERS:
        raise Refused(f"ARGS: expected at most {REGISTERS} arguments, not "
                      f"{len(arguments)}; STRUCT=1 puts them in a structure")
    if len(arguments) + sum(a.is_wide for a in arguments) > REGISTERS:
        raise Refused(f"ARGS: expected at most {REGISTERS} registers, and a 32-bit program "
                      "needs two for 64 bits; STRUCT=1 puts them in a structure")
    entries = {a.x32(): a.name for a in arguments if a.x32()}
    if len(entries) > 1:
        raise Refused(f"ARGS: x32 passes {entries['64']} as a 64-bit program does, and "
                      f"{entries['compat']} as a 32-bit one; STRUCT=1 puts them in a "
                      "structure")
    for a in arguments:
        if a.is_read and a.depth == 1 and a.type.compat == "-":
            raise Refused(f"{a.text}: expected a structure that is the same for 32-bit "
                          "programs; STRUCT=1 can pass its fields")
        if a.is_read and a.depth == 1 and a.type.get and not a.const:
            raise Refused(f"{a.text}: expected a const {a.type.name}, as only reading the "
                          "compat layout has a function")


def read_arguments(name, text, struct):
    check_name(name)
    parsed = parse(text)
    for words, argument in parsed:
        if argument is None:
            raise Refused(f"{words or 'ARGS'}: expected a type and a name for each argument")
    arguments = [Argument(*p) for p in parsed]
    if struct not in ("", "1"):
        raise Refused(f"STRUCT={struct}: expected 1 or nothing")
    if struct and not [a for a in arguments if a.name != "flags"]:
        raise Refused("STRUCT=1: expected arguments to put in the structure")
    check_arguments(arguments, struct)
    for a, before in zip(arguments, [None, *arguments]):
        a.kind = kind_of(a, before)
        if before and before.kind == "dfd" and a.kind != "path-at":
            before.kind = "fd"
    if arguments and arguments[-1].kind == "dfd":
        arguments[-1].kind = "fd"
    return arguments
