#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the documents say of files.

README.rst, CONTRIBUTING.rst and docs/results.rst name files and tests that exist.
docs/adding-syscalls.rst has the headings of the kernel's document, each
"FILE: ``TEXT``" in it is true, of a file of the series or else of the base, and
analogous calls are treated specially nowhere else than it says.
"""

import difflib
import pathlib
import re
import sys

import results
from results import check, run

HARNESS = pathlib.Path(__file__).resolve().parents[1]
DOCUMENTS = "README.rst", "CONTRIBUTING.rst", "docs/results.rst"
FILES = r"(?<![\w./])(?:clients|docs|harness|kernel|ltp|man2|new|patches|proof|series|" \
        r"tools)/[\w./-]*\w"
KERNELS = "Documentation/process/adding-syscalls.rst"
# Where calls are treated specially
DIRECTORIES = "arch block crypto drivers fs include init io_uring ipc kernel lib mm net " \
    "samples scripts security virt"


def settings():
    script = '. "$HARNESS/lib.sh"; one_series; "$HARNESS/base.sh" >&2; ' \
        'say "$SERIES $NAME $BASE_TREE $BASE_REF"'
    status, said = run(["sh", "-euc", script, "documents"], HARNESS=str(HARNESS))
    return sys.exit(said) if status else said.split()


def git(*words):
    status, said = run(["git", "-C", TREE, *words])
    return sys.exit(said) if status else said


def missing():
    text = "".join((SERIES / name).read_text() for name in DOCUMENTS)
    tests = set(re.findall(rf"\b{NAME}_[a-z_]*_test\b", text))
    files = re.findall(FILES, text)
    known = {path.stem for top in ("tools", "proof") for path in (SERIES / top).rglob("*.c")}
    if not tests or not files:
        return ["expected the documents to name some"]
    return sorted(tests - known) + [
        name for name in files if not (SERIES / name).exists()]


def headings(text):
    """Other than the title."""
    return re.findall(r"^(.+)\n(?:=+|-{3,}|~{3,}|\^{3,})$", text, re.M)[1:]


def content(name):
    """A test is the name of its file."""
    if re.fullmatch(rf"{NAME}_\w*_test", name):
        name = f"tools/testing/selftests/{NAME}/{name}.c"
    path = SERIES / name
    return path.read_text() if path.exists() else git("show", f"{REF}:{name}")


def differ(first, second):
    return "\n".join(difflib.unified_diff(first, second, lineterm=""))


SERIES, NAME, TREE, REF = settings()
SERIES = pathlib.Path(SERIES)
TEXT = (SERIES / "docs/adding-syscalls.rst").read_text()
check("the files and tests that the documents name exist", not missing(),
      "\n".join(missing()))
different = differ(headings(git("show", f"{REF}:{KERNELS}")), headings(TEXT))
check(f"the checklist has the headings of {KERNELS}", not different, different)
references = re.findall(r"(not in )?(\w[\w./-]*): ``([^`\n]+)``", TEXT)
wrong = [f"{name}: {text}" for absent, name, text in references
         if (text in content(name)) == bool(absent)]
check("what the checklist says of files is true", len(references) >= 60 and not wrong,
      "\n".join(wrong))
found = git("grep", "-lwE", "(__NR_|sys_)?(statmount|listmount|listns)", REF, "--",
            *DIRECTORIES.split()).replace(f"{REF}:", "")
found = sorted(set(re.sub(r"^arch/.*\.tbl$", "arch/*/*.tbl", found, flags=re.M).split()))
different = differ(sorted(re.findall(r"^    (\S*/\S*)$", TEXT, re.M)), found)
check("a grep for analogous calls finds what the checklist says", not different, different)
sys.exit(results.failed)
