#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write the series of a new system call, for harness/new.sh.

  new.py check NAME ARGS STRUCT DIR	refuse what cannot be, write nothing
  new.py write NAME ARGS STRUCT DIR TREE COMMIT RELEASE

ARGS are as in C, "int fd, const char __user *path, unsigned int flags"; STRUCT is
1 for a call that takes them in a structure that can grow, else empty. DIR must not
be there yet. TREE is a kernel tree, COMMIT the one in it without any series, and
RELEASE is for series/config. The file kinds says what an argument is checked for, and
template/ has the files of the series.
"""

import datetime
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

from arguments import Argument, Refused, is_dfd, join, read_arguments
from text import NEW, align, man_text, pad, read_kind, render, tidy, wrap

# Numbers are taken from the first one; the others have to have that one free, too.
TABLES = ("scripts/syscall.tbl", "arch/x86/entry/syscalls/syscall_64.tbl",
          "arch/x86/entry/syscalls/syscall_32.tbl")

# Lines of the kernel's tools/testing/selftests/Makefile, sorted as there
TARGETS = """
acct amd-pstate bpf cachestat cgroup connector cpu-hotplug damon dt exec filesystems fpu
futex hid iommu ir kexec landlock livepatch lsm memfd mincore mount_setattr mqueue net
pid_namespace power_supply prctl pstore resctrl rlimits rtc sched_ext sgx sparc64
static_keys syscall_user_dispatch tc-testing timens tmpfs tty user_events x86 zram""".split()

# For a line of a section [fails]: a test, a field, a value of it, and the error
FAILS = """TEST_F({0}, {1})
{{
	self->{2} = {3};
	EXPECT_EQ(-1, call_{0}(&self->args));
	EXPECT_EQ({4}, errno);
}}"""

# The words of the templates

class Call:
    """What both variants have in common; ARGUMENTS are those of the call itself."""

    def __init__(self, name, arguments, number, checked):
        self.name, self.arguments, self.number = name, arguments, number
        self.checked = checked		# (argument, kind, value, field, words)
        self.reasons = [r for r in (a.compat() for a in arguments) if r]
        self.struct = False

    def sections(self, section):
        """Of the kinds, in the order of the checks: those that cost least first."""
        order = ["flags", "negative", "reserved", "params"]
        for argument, kind, value, field, more in sorted(
                self.checked, key=lambda c: order.index(c[1]) if c[1] in order else 9):
            text = read_kind(kind).get(section)
            if text is not None:
                yield render(text, {**self.base_words(), "arg": argument, "value": value,
                                    "field": field, **more})

    def joined(self, section):
        return "\n".join(self.sections(section)).replace("\n\n\n", "\n\n")

    def tests(self):
        """Those of one value with which the call fails, and then the others."""
        for line in self.joined("fails").splitlines():
            yield FAILS.format(self.name, *line.split("\t"))
        yield from self.sections("test")

    def words_of(self, section, more=()):
        """All different lines of the sections, sorted."""
        return sorted({*more, *(line for text in self.sections(section)
                                for line in text.splitlines())})

    def base_words(self):
        return {"name": self.name, "NAME": self.name.upper(), "number": self.number,
                "number+1": self.number + 1, "struct": self.struct,
                "compat": bool(self.reasons), "split": False, "even": "",
                "compat-only": False}

    def x32(self):
        return "compat" if "compat" in [a.x32() for a in self.arguments] else "64"

    def tables(self):
        name, number, compat = self.name, self.number, bool(self.reasons)
        native, other = f"sys_{name}", f"compat_sys_{name}" if compat else ""
        entries = pad(native, 32) + other if other else native
        lines = [f"{number}\tcommon\t{pad(name, 24)}{native}"]
        if compat and self.x32() == "compat":
            lines = [f"{number}\t64\t{pad(name, 24)}{native}",
                     f"{number}\tx32\t{pad(name, 24)}{other}"]
            message = (f"i386 and x32 enter through {other}(). x32 has the same\n"
                       "number, on a line of its own.")
        elif compat:
            message = (f"i386 enters through {other}(). x32 passes 64 bits in one\n"
                       "register and uses the native entry.")
        else:
            message = "x86_64, x32 and i386 use the same entry."
        return {
            "generic-line": f"{number}\tcommon\t{pad(name, 32)}{entries}",
            "x86_64-lines": "\n".join(lines),
            "i386-line": f"{number}\ti386\t{pad(name, 24)}{entries}",
            "x86-message": message,
            "compat-message": "32-bit programs have an entry of their own, as\n" +
                              "\n".join(f"- {reason}" for reason in self.reasons)}

    def prototypes(self, compat):
        """PROTOTYPE for syscalls.h, and that of the compat entry."""
        native = wrap(f"asmlinkage long sys_{self.name}(",
                      [a.declare() for a in self.arguments] or ["void"], ");")
        other = wrap(f"asmlinkage long compat_sys_{self.name}(", compat, ");")
        return {"prototype": native, "prototype-first": native.split("\n", maxsplit=1)[0],
                "prototype-compat": other,
                "prototype-compat-first": other.split("\n", maxsplit=1)[0]}

    def define(self, macro, arguments):
        return wrap(f"{macro}{len(arguments)}(", [self.name, *arguments], ")")

    def man_words(self):
        parts = re.split(r"^(E[A-Z0-9]+)\n", self.joined("errors") + "\n",
                         flags=re.MULTILINE)
        # So that none is there twice
        errors = dict.fromkeys(zip(parts[1::2], parts[2::2]))
        lines = [f".BI \"{'long syscall(SYS_' + self.name + ', ' if not i else ' ' * 13}"
                 f"{a.user()}\" {a.name} {',' if i < len(self.arguments) - 1 else ');'}"
                 for i, a in enumerate(self.arguments)]
        return {"synopsis": "\n".join(lines) or f".B long syscall(SYS_{self.name});",
                "errors": "".join(
                    f".TP\n.B {name}\n{text}"
                    for name, text in sorted(errors, key=lambda e: e[0])).rstrip("\n"),
                "described": "\n".join(
                    f".TP\n.I {c[0]}\n{read_kind(c[1])['doc']}."
                    for c in self.checked if c[0] != "params")}

    def test_words(self, fields, call):
        includes = {"asm/unistd.h", "errno.h", "stdint.h", "unistd.h"}
        memory = any(c[1].startswith("layout") for c in self.checked)
        includes |= {"stdlib.h", "sys/mman.h"} if memory else set()
        includes |= {"linux/types.h"} if "__kernel" in fields else set()
        includes |= {"sys/types.h"} if re.search(r"\b\w+_t\b", fields) else set()
        includes |= {f"linux/{self.name}.h"} if self.struct else set()
        return {"fields": fields, "test-call": call, "memory": memory,
                "setup": self.joined("setup"), "teardown": self.joined("teardown"),
                "tests": "\n\n".join(self.tests()),
                "test-includes": "\n".join(
                    f"#include <{name}>"
                    for name in self.words_of("test-include", includes))}

    def kernel_words(self, includes):
        includes |= {"linux/syscalls.h", "linux/errno.h"}
        includes |= {"linux/compat.h"} if self.reasons else set()
        declare = sorted((line for text in self.sections("declare")
                          for line in text.splitlines()), key=len, reverse=True)
        kernel = "\n\n".join(self.sections("kernel"))
        if re.search(r"\bret = ", kernel):
            declare.append("\tint ret;")
        return {"declare": "\n".join(declare), "kernel": kernel,
                "why": "\n".join(f" * - {reason}" for reason in self.reasons),
                "includes": "\n".join(f"#include <{name}>" for name in
                                      self.words_of("include", includes))}


class PlainCall(Call):
    """Its arguments are those of ARGS."""

    def __init__(self, name, arguments, number):
        checked = []
        for a, before in zip(arguments, [None, *arguments]):
            checked.append((a.name, a.kind, a.name, f"args.{a.name}", {
                "dfd": before.name if before else "", "item": a.item(),
                "pointer": join(a.item(), "*")}))
        super().__init__(name, arguments, number, checked)
        self.wide = [a for a in arguments if a.is_wide]

    def base_words(self):
        return {**super().base_words(), "split": bool(self.wide), "even": self.even(),
                "compat-only": bool(self.reasons and not self.wide)}

    def even(self):
        """Arguments of 64 bits that 32-bit programs do not pass from an odd register."""
        position, names = 1, []
        for a in self.arguments:
            if a.is_wide and position % 2 == 0:
                names.append(a.name)
            position += 1 + a.is_wide
        return " and ".join(names)

    def compat_arguments(self):
        for a in self.arguments:
            if a.is_wide:
                yield f"SC_ARG64({a.name})"
            elif not a.compat():
                yield f"{a.text}, {a.name}"
            else:
                yield f"{self.compat_type(a)}, {a.name}"

    def compat_type(self, a):
        if not a.depth:
            return "s32" if self.wide else a.type.compat
        kind = "compat_uptr_t" if a.depth == 2 else a.type.compat
        return f"{'const ' if a.const else ''}{kind} __user *"

    def compat_prototype(self):
        for a in self.arguments:
            if a.is_wide:
                yield f"u32 {a.name}_1"
                yield f"u32 {a.name}_2"
            elif not a.compat():
                yield a.declare()
            else:
                yield join(self.compat_type(a), a.name)

    def entry(self, head, compat):
        """An entry that reads what has two layouts, calls, and writes it back."""
        declared, reads, writes, names = [], [], [], []
        for a in self.arguments:
            if not a.is_read:
                names.append(f"SC_VAL64({a.type.name}, {a.name})"
                             if a.is_wide and compat else a.name)
                continue
            names.append(f"&k{a.name}")
            declared.append(f"\t{join(a.target, f'k{a.name}')};")
            value, source = f"k{a.name}", a.name
            if a.depth == 2 and compat:
                declared.append(f"\tcompat_uptr_t u{a.name};")
                value = f"u{a.name}"
            read = f"get_user({value}, {source})"
            if a.type.get and a.depth == 1:
                read = f"{a.type.get}(&{value}, {source})" if compat else \
                    f"copy_from_user(&{value}, {source}, sizeof({value}))"
            reads.append(f"\tif ({read})\n\t\treturn -EFAULT;")
            if value.startswith("u"):
                reads.append(f"\tk{a.name} = compat_ptr(u{a.name});")
                cast = "(void __user *)" if "const" in a.target else ""
                value = f"ptr_to_compat({cast}k{a.name})"
            if not a.const:
                writes.append(f"\tif (!ret && put_user({value}, {source}))\n"
                              "\t\treturn -EFAULT;")
        call = f"ksys_{self.name}("
        if not writes:
            body = [*reads, wrap(f"\treturn {call}", names, ");")]
        else:
            declared.append("\tlong ret;")
            body = [*reads, wrap(f"\tret = {call}", names, ");"), *writes, "\treturn ret;"]
        declared.sort(key=len, reverse=True)
        return "\n".join([head, "{", *declared, *([""] if declared else []), *body, "}"])

    def ksys_argument(self, a):
        if not a.is_read:
            return a.declare()
        if a.depth == 1:
            return f"{'const ' if a.const else ''}{a.target} *{a.name}"
        return f"{a.target}{'const ' if a.const else ''}*{a.name}"

    def words(self):
        includes = {"linux/uaccess.h"} if any(a.is_read for a in self.arguments) else set()
        compat = list(self.compat_prototype())
        define = self.define("SYSCALL_DEFINE",
                             [f"{a.text}, {a.name}" for a in self.arguments])
        # SC_ARG64() stands for two arguments
        define32 = wrap(
            f"{'SYSCALL32' if self.wide else 'COMPAT_SYSCALL'}_DEFINE"
            f"{len(self.arguments) + len(self.wide)}(",
            [self.name, *self.compat_arguments()], ")")
        return {
            **self.kernel_words(includes), **self.tables(), **self.prototypes(compat),
            "prototype-split": wrap(f"asmlinkage long sys_{self.name}(", compat, ");"),
            "ksys": wrap(f"static long ksys_{self.name}(",
                         [self.ksys_argument(a) for a in self.arguments] or ["void"], ")"),
            "native": self.entry(define, False),
            "compat-entry": self.entry(define32, True),
            **self.test_words(
                "\n".join(line for a in self.arguments for line in a.fixture()),
                wrap("\treturn syscall(", [f"__NR_{self.name}", *(
                    f"args->{a.name}" for a in self.arguments)], ")").removeprefix("\treturn ")),
            **self.man_words(),
            "declarations": align([("long", "ret", ""), *(
                a.example() for a in self.arguments)]),
            "example-call": "syscall(" + ", ".join([f"SYS_{self.name}", *(
                a.name for a in self.arguments)]) + ")"}


class StructCall(Call):
    """The arguments but flags are in a structure: words, 64 bits, then what varies."""

    def __init__(self, name, arguments, number):
        flags = [a for a in arguments if a.name == "flags" and a.type.field in (
            "__u32", "__s32")]
        fields = [a for a in arguments if a not in flags]
        words = [a for a in fields if a.field_size() == 4]
        eights = [a for a in fields if a.field_size() == 8]
        vary = [a for a in fields if not a.field_size()]
        # What fills holes
        if (eights or vary) and not len(words) % 2:
            words.append(Argument("u32", "reserved", "reserved"))
        if eights and len(vary) % 2:
            vary.append(Argument("size_t", "reserved2", "reserved"))
        self.fields = [*words, *eights, *vary]
        self.sizes = [4 + 4 * len(words) + 8 * len(eights) + n * len(vary) for n in (8, 4)]
        checked = [(a.name, a.kind, a.name, f"args.{a.name}", {}) for a in flags]
        for a, before in zip(self.fields, [None, *self.fields]):
            dfd = next((b for b in fields if is_dfd(b)), before)
            checked.append((a.name, a.kind, f"params->{a.name}",
                            f"args.params.{a.name}", {
                "dfd": f"params->{dfd.name}" if dfd else ""}))
        checked.append(("params", "params", "", "", {
            "test-null": f"syscall(__NR_{name}, NULL{', 0' if flags else ''})"}))
        params = Argument("void __user *", "params")
        super().__init__(name, [params, *flags], number, checked)
        self.flags = flags
        self.struct = True
        params.text = f"struct {name}_params __user *"
        self.reasons = [f"{a.name} has another size in struct {name}_params"
                        for a in vary if a.kind != "reserved"]

    def x32(self):
        return "compat"

    def words(self):
        name = self.name
        flags = [a.declare() for a in self.flags]
        more = [f"{a.text}, {a.name}" for a in self.flags]
        includes = {"linux/build_bug.h", "linux/uaccess.h", f"linux/{name}.h"}
        convert = "\n".join(
            f"\t\t.{a.name} = " + (f"compat_ptr(compat.{a.name})," if a.depth else
                                   f"compat.{a.name},") for a in self.fields)
        return {
            **self.kernel_words(includes), **self.tables(),
            **self.prototypes([f"struct compat_{name}_params __user *params", *flags]),
            "prototype-split": "",
            "ksys": wrap(f"static long ksys_{name}(",
                         [f"const struct {name}_params *params", *flags], ")"),
            "define": self.define("SYSCALL_DEFINE",
                                  [f"struct {name}_params __user *, uparams", *more]),
            "define-compat": self.define(
                "COMPAT_SYSCALL_DEFINE",
                [f"struct compat_{name}_params __user *, uparams", *more]),
            "call": f"ksys_{name}(" + ", ".join(["&params", *(a.name for a in self.flags)])
                    + ")",
            "convert": convert,
            "compat-fields": "\n".join(f"\t{a.compat_field()} {a.name};" for a in
                                       [Argument("u32", "size"), *self.fields]),
            "uapi-fields": "\n".join(a.uapi_field() for a in self.fields),
            "field-docs": "\n".join(f" * @{a.name}: {read_kind(a.kind)['doc']}"
                                    for a in self.fields),
            "size64": self.sizes[0], "size32": self.sizes[1],
            **self.test_words(
                "\n".join([f"\tstruct {name}_params params;", "\tchar later[8];", *(
                    line for a in self.flags for line in a.fixture()), *(
                    line for a in self.fields if a.kind == "memory"
                    for line in a.fixture()[1:])]),
                wrap("syscall(", [f"__NR_{name}", "&args->params", *(
                    f"args->{a.name}" for a in self.flags)], ")")),
            **self.man_words(),
            "man-fields": align([("__u32", "size", ""), *(
                a.user_field() for a in self.fields)]),
            "example-call": "syscall(" + ", ".join([f"SYS_{name}", "&params", *(
                a.name for a in self.flags)]) + ")",
            "declarations": self.example()}

    def example(self):
        static, values = [], ["        .size = sizeof(params),"]
        for a in self.fields:
            if a.kind == "reserved" or a.depth and a.type.user.startswith(
                    ("struct ", "union ")):
                continue
            kind, name, value = a.example()
            static += [(kind, name, "")] if kind.startswith("static") else []
            values.append(f"        .{a.name} = {value or a.name},")
        params = "{\n" + "\n".join(values) + "\n    }"
        return align([("long", "ret", ""), *static, *(a.example() for a in self.flags),
                      (f"struct {self.name}_params", "params", params)])


# The directory

def place_of_target(name):
    """In front of the first one that comes after its name, if there is one."""
    after = [target for target in TARGETS if target > name]
    return f"before TARGETS += {after[0]}" if after else f"after TARGETS += {TARGETS[-1]}"


def generate(call, base):
    """{path: text} of all files."""
    words = {**call.base_words(), **call.words(), "base": base,
             "date": datetime.datetime.now(datetime.timezone.utc).date(),
             "target-place": place_of_target(call.name)}
    words["kernel-types"] = "__kernel" in words["declarations"]
    program = render((NEW / "example.c").read_text(), words)
    words["example"] = man_text(tidy(program).rstrip("\n"))
    paths = {str(file.relative_to(NEW / "template")).replace("NAME", call.name): file
             for file in sorted((NEW / "template").rglob("*")) if file.is_file()}
    if not words["compat"]:
        del paths["include/linux/compat.h"]
    if not call.struct:
        del paths[f"include/uapi/linux/{call.name}.h"]
    selftests = [path for path in paths if path.startswith(
        f"tools/testing/selftests/{call.name}/")]
    elsewhere = ("series/", "man2/", "arch/", "tools/")
    words["selftest-files"] = " ".join(selftests)
    words["core-files"] = " ".join(path for path in paths
                                   if not path.startswith(elsewhere))
    files = {}
    for path, template in paths.items():
        text = render(template.read_text(encoding="ascii"), words)
        files[path] = tidy(text).rstrip("\n") + "\n" if path.endswith(
            (".c", ".2")) else text
    return files


class Tree:
    """A commit of the kernel."""

    def __init__(self, path, commit):
        self.path, self.commit = path, commit

    def git(self, *words):
        return subprocess.run(["git", "-C", self.path, *words], text=True,
                              capture_output=True, check=False)

    def read(self, path):
        return self.git("show", f"{self.commit}:{path}").stdout

    def has(self, path):
        return not self.git("cat-file", "-e", f"{self.commit}:{path}").returncode

    def grep(self, pattern, *paths):
        """A file in which it is found, if there is one."""
        found = self.git("grep", "-lE", pattern, self.commit, "--", *paths).stdout
        return found.partition("\n")[0].rpartition(":")[2]


def number_of(tree):
    """The next free one, which the tables must not have yet."""
    numbers = {path: {line.split()[0]: line.split()[2] for line in
                      tree.read(path).splitlines() if re.match(r"\d", line)}
               for path in TABLES}
    number = 1 + max(map(int, numbers[TABLES[0]]))
    for path, taken in numbers.items():
        if str(number) in taken:
            raise Refused(f"number {number}: {path} has it already, for "
                          f"{taken[str(number)]}")
    return number


def check_tree(tree, name, files):
    found = tree.grep(rf"^[0-9]+[[:space:]]+[a-z0-9_]+[[:space:]]+{name}([[:space:]]|$)",
                      "arch/*.tbl", "scripts/*.tbl") or \
        tree.grep(rf"(^|[^a-z0-9_])k?sys_{name}\(", "include/linux/*.h")
    if found:
        raise Refused(f"NAME={name}: {found} has a call of that name already")
    for path in files:
        top = f"tools/testing/selftests/{name}" if "selftests/" in path else path
        # Both are included as linux/NAME.h.
        for file in (top, top.replace("/uapi/", "/")) if name in top else ():
            if tree.has(file):
                raise Refused(f"NAME={name}: the kernel has {file} already")


def write(directory, files):
    """All of it, or nothing."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new.", dir=directory.parent) as work:
        new = pathlib.Path(work, "new")
        for path, text in files.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text, encoding="ascii")
        new.rename(directory)


def end(*_):
    sys.exit("new: interrupted, nothing is written")


def main(mode, name, text, struct, directory, tree="", commit="", release=""):
    directory = pathlib.Path(directory)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        arguments = read_arguments(name, text, struct)
        if directory.exists():
            raise Refused(f"DIR={directory}: expected a directory that is not there yet")
        if mode == "check":
            return

        tree = Tree(tree, commit)
        call = (StructCall if struct else PlainCall)(name, arguments, number_of(tree))
        files = generate(call, release)
        check_tree(tree, name, files)
        write(directory, files)
    except (Refused, OSError) as error:
        sys.exit(f"new: {error}")
    print(f"To decide in {directory}:")
    for path, lines in files.items():
        for number, line in enumerate(lines.splitlines(), 1):
            if "Decide: " in line:
                print(f"{path}:{number}: {line.partition('Decide: ')[2].rstrip(' */')}")


if __name__ == "__main__":
    main(*sys.argv[1:])
