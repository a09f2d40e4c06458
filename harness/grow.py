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

from place import Refused, change, find, find_below, read


def read_sections(growth):
    """{file: [hunk...]}, a hunk being a dictionary of keywords."""
    files, hunks, commit = {}, None, None
    for number, line in enumerate(read(growth), 1):
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
    changes = []
    for hunk in hunks:
        begin = find(name, hunk["lines"], lines, hunk["below"])
        end = begin + 1
        if "through" in hunk:
            end = find_below(name, hunk["through"], lines, begin) + 1
        elif "before" in hunk:
            end = find_below(name, hunk["before"], lines, begin)
        changes.append((begin, end, hunk["was"]))
    return change(name, lines, changes)


def main(repo, growth, name, *later):
    try:
        hunks = read_sections(pathlib.Path(growth)).get(name, [])
        lines = read(pathlib.Path(repo) / name)
        for commit in reversed(later):
            lines = without(lines, [hunk for hunk in hunks if hunk["commit"] == commit],
                            name)
    except Refused as error:
        sys.exit(f"grow: {error}")
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
