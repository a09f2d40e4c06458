#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Put the lines that the series adds into the files of a tree.

  place.py REPO BASE TREE COMMIT PLACEMENT FILE...

PLACEMENT says where (see its head); the lines of a FILE are in REPO/FILE, and
numbers are those of the untouched BASE. Of a FILE that more than one commit
changes, only the hunks of COMMIT are placed. Nothing is written unless every
anchor of every FILE was found.
"""

import dataclasses
import pathlib
import re
import sys


class Refused(Exception):
    pass


@dataclasses.dataclass
class Hunk:
    how: str			# after, before, replace, remove, in-order
    anchor: str			# A line; for in-order, a column to add
    first: str = None		# The line that its text starts with
    then: str = None		# And the next one, None for any
    below: str = None
    through: str = None
    commit: str = None
    text: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class File:
    name: str
    hunks: list = dataclasses.field(default_factory=list)
    commit: str = None
    offset: int = 0

    def texts(self):
        return [hunk for hunk in self.hunks if hunk.how != "remove"]


def read(path):
    """Its lines; a form feed or a carriage return is part of one."""
    try:
        text = path.read_bytes().decode()
        return text.removesuffix("\n").split("\n") if text else []
    except FileNotFoundError:
        raise Refused(f"{path}: expected to be there") from None


def numbers_of(lines, name):
    """Pairs of a number in the first column and its line's index."""
    numbers = [(int(line.split()[0]), i) for i, line in enumerate(lines)
               if re.match(r"\s*\d+(\s|$)", line)]
    if not numbers:
        raise Refused(f"{name}: expected a table with numbers in it")
    return numbers


def next_free(table):
    return max(numbers_of(read(table), table))[0] + 1


def find_in_order(file, number, lines):
    """The last line with the highest number below this one."""
    numbers = numbers_of(lines, file.name)
    if number in dict(numbers):
        raise Refused(f"{file.name}: number {number} is taken")
    return max(pair for pair in numbers if pair[0] < number)[1]


class Placement:
    def __init__(self, path, base):
        self.files = {}
        self.written = self.number = 0
        file, pending = None, {}
        for number, line in enumerate(read(path), 1):
            if not line.strip() or line.startswith("#"):
                continue
            word, _, rest = line.partition(" ")
            if word == "number":
                self.written, table = rest.split()
                self.written, self.number = int(self.written), next_free(base / table)
            elif line.startswith("["):
                file = self.files.setdefault(line[1:-1], File(line[1:-1]))
            elif not self.read_word(file, pending, word, rest):
                raise Refused(f"{path}: line {number}: expected a keyword of its "
                              f"head, not: {line}")

    def read_word(self, file, pending, word, rest):
        """Returns whether the line may stand here."""
        if word == "offset":
            file.offset = int(rest)
        elif word == "commit" and (not file.hunks or file.commit):
            file.commit = rest
        elif word in ("hunk", "then", "below"):
            pending[word] = rest
        elif word in ("after", "before", "replace", "remove", "in-order"):
            # The first text of a file needs no line that says where it starts.
            if ("hunk" in pending) != (word != "remove" and bool(file.texts())):
                return False
            anchor = rest.replace("{number}", str(self.number))
            file.hunks.append(Hunk(word, anchor, *(
                pending.pop(key, None) for key in ("hunk", "then", "below")),
                commit=file.commit))
        elif word == "through" and file.hunks and file.hunks[-1].how in (
                "replace", "remove"):
            file.hunks[-1].through = rest
        else:
            return False
        return True

    def renumber(self, line, offset):
        def shifted(match):
            number = int(match[0])
            ours = number - self.written - offset in (0, 1)
            return str(number - self.written + self.number) if ours else match[0]
        return re.sub(r"\d+", shifted, line)

    def cut(self, file, repo):
        """Give each hunk its lines of the repository's file."""
        hunk, behind = None, file.texts()
        lines = read(repo / file.name)
        for line, then in zip(lines, [*lines[1:], None]):
            if behind and (not hunk or line == behind[0].first and
                           behind[0].then in (None, then)):
                hunk = behind.pop(0)
            if not hunk:
                raise Refused(f"{file.name}: expected a hunk for its lines in the "
                              "placement file")
            hunk.text.append(self.renumber(line, file.offset))
        if behind:
            raise Refused(f"{file.name}: expected a line that starts hunk "
                          f"{file.hunks.index(behind[0]) + 1}: {behind[0].first}")

    def anchor_of(self, file, hunk, lines):
        if hunk.how == "in-order":
            return find_in_order(file, self.number + file.offset, lines)
        return find(file.name, hunk.anchor, lines, hunk.below)

    def place(self, file, repo, tree, commit):
        """The lines of the tree's file with the hunks in it."""
        self.cut(file, repo)
        lines = read(tree / file.name)
        hunks = [h for h in file.hunks if h.commit in (None, commit)]
        if not hunks:
            raise Refused(f"{file.name}: expected a hunk of commit {commit} in the "
                          "placement file")
        changes = []
        for hunk in hunks:
            at = begin = end = self.anchor_of(file, hunk, lines)
            text = hunk.text
            if hunk.how == "in-order":
                text = fit(text, lines[at], hunk.anchor)
            if hunk.how in ("replace", "remove"):
                end = 1 + (at if hunk.through is None else
                           find_below(file.name, hunk.through, lines, at))
            elif hunk.how != "before":
                begin = end = at + 1
            changes.append((begin, end, text))
        return change(file.name, lines, changes)


def change(name, lines, changes):
    """The lines, with TEXT in the place of those from BEGIN up to END."""
    result, done = [], 0
    for begin, end, text in sorted(changes, key=lambda c: c[:2]):
        if begin < done:
            raise Refused(f"{name}: line {begin + 1} is in two hunks: {lines[begin]}")
        result += [*lines[done:begin], *text]
        done = end
    return result + lines[done:]


def find(name, wanted, lines, below=None):
    """The only such line; or the first one below another one, the only of its kind."""
    if below is not None:
        return find_below(name, wanted, lines, find(name, below, lines))
    found = [i for i, line in enumerate(lines) if line == wanted]
    if not found:
        raise Refused(f"{name}: anchor not found: {wanted}")
    if len(found) > 1:
        raise Refused(f"{name}: anchor found twice, in lines {found[0] + 1} and "
                      f"{found[1] + 1}: {wanted}")
    return found[0]


def find_below(name, wanted, lines, top):
    for i in range(top + 1, len(lines)):
        if lines[i] == wanted:
            return i
    raise Refused(f"{name}: anchor not found below line {top + 1}: {wanted}")


def fit(text, line, more):
    """The text for a table, with a column more where the line in front has one."""
    if not more or len(line.split()) != len(" ".join(text).split()) + 1:
        return text
    return [*text[:-1], text[-1] + more]


def main(repo, base, tree, commit, placement, *names):
    repo, base, tree = map(pathlib.Path, (repo, base, tree))
    try:
        placement = Placement(pathlib.Path(placement), base)
        placed = {}
        for name in names:
            if not placement.files.get(name, File(name)).hunks:
                raise Refused(f"{name}: expected a place for it in the placement file")
            placed[name] = placement.place(placement.files[name], repo, tree, commit)
    except Refused as error:
        sys.exit(f"place: {error}")
    for name, lines in placed.items():
        (tree / name).write_bytes("".join(f"{line}\n" for line in lines).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
