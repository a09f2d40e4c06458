#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Print a file that the series adds, as it is after one of the commits that
bring it.

  grow.py REPO GROWTH FILE [LATER...]

REPO/FILE is the file after the last commit. GROWTH says which of its lines come
with which commit (see its head); those of the commits LATER, which are in order,
are left out, the last one first.
"""

import pathlib
import sys


class Refused(Exception):
    pass


def find(lines, wanted, start, what, once=True):
    found = [i for i, line in enumerate(lines) if line == wanted and i >= start]
    if not found or (once and len(found) > 1):
        raise Refused(f"{what}: expected {'exactly one' if once else 'a'} line, "
                      f"found {len(found)}: {wanted}")
    return found[0]


def read_sections(growth):
    """{file: [hunk...]}, a hunk being a dictionary of keywords."""
    files, hunks, commit = {}, None, None
    for number, line in enumerate(growth.read_text(encoding="utf-8").splitlines(), 1):
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            hunks, below = files.setdefault(line[1:-1], []), None
        elif word == "commit":
            commit = rest
        elif word == "below":
            below = rest
        elif word == "lines":
            hunks.append({"commit": commit, "lines": rest, "below": below, "was": []})
            below = None
        elif word == "was" and hunks:
            hunks[-1]["was"].append(rest)
        elif word in ("through", "before") and hunks:
            hunks[-1][word] = rest
        else:
            raise Refused(f"{growth}: line {number}: expected a keyword of its head, "
                          f"not: {line}")
    return files


def without(lines, hunks, name):
    """The lines as they are before these hunks, which are of one commit."""
    changes = {}
    for hunk in hunks:
        start = 0
        if hunk["below"] is not None:
            start = find(lines, hunk["below"], 0, name) + 1
        begin = find(lines, hunk["lines"], start, name, hunk["below"] is None)
        end = begin + 1
        if "through" in hunk:
            end = find(lines, hunk["through"], begin, name, False) + 1
        elif "before" in hunk:
            end = find(lines, hunk["before"], begin, name, False)
        changes[begin, end] = hunk["was"]
    spans = sorted(changes)
    for one, other in zip(spans, spans[1:]):
        if one[1] > other[0]:
            raise Refused(f"{name}: line {other[0] + 1} is in two hunks: "
                          f"{lines[other[0]]}")
    for begin, end in reversed(spans):
        lines[begin:end] = changes[begin, end]
    return lines


def main(repo, growth, name, *later):
    try:
        hunks = read_sections(pathlib.Path(growth)).get(name, [])
        lines = (pathlib.Path(repo) / name).read_text(encoding="utf-8").splitlines()
        for commit in reversed(later):
            lines = without(lines, [hunk for hunk in hunks if hunk["commit"] == commit],
                            name)
    except Refused as error:
        sys.exit(f"grow: {error}")
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
