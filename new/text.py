# SPDX-License-Identifier: GPL-2.0
"""The text of C, of man pages and of templates, for new.py."""

import pathlib
import re

NEW = pathlib.Path(__file__).resolve().parent


def columns(text):
    return len(text.expandtabs(8))


def wrap(head, items, tail):
    """HEAD ITEM, ITEM... TAIL, in lines that are aligned behind the parenthesis."""
    lines, line = [], head
    width = columns(head[:head.index("(") + 1] if head.endswith("(") else head)
    for i, item in enumerate(items):
        item += "," if i < len(items) - 1 else tail
        space = "" if line.endswith("(") or not line.strip() else " "
        if columns(line + space + item) > 80 and line.strip() and line != head:
            lines.append(line)
            line, space = "\t" * (width // 8) + " " * (width % 8), ""
        line += space + item
    return "\n".join([*lines, line if items else line + tail])


def render(text, words):
    """The lines of a template: @word@, and %if, %else, %end on lines of their own."""
    result, shown = [], []
    for line in text.split("\n"):
        keyword, _, rest = line.partition(" ")
        if keyword == "%if":
            shown.append(bool(words[rest.lstrip("!")]) != rest.startswith("!"))
        elif keyword == "%else":
            shown[-1] = not shown[-1]
        elif keyword == "%end":
            shown.pop()
        elif all(shown):
            new = re.sub(r"@([a-zA-Z0-9_+-]+)@", lambda m: str(words[m[1]]), line)
            if new or not re.fullmatch(r"@[a-zA-Z0-9_+-]+@", line):
                result.append(new)
    return "\n".join(result)


def tidy(text):
    """No blank line at the ends of a block, and no two in a row."""
    text = re.sub(r"\n{3,}", "\n\n", text)
    text = re.sub(r"\n\n(\t*})", r"\n\1", text)
    return re.sub(r"{\n\n", "{\n", text)


def split(text, heading):
    """{heading: the text below it}"""
    parts = re.split(heading, text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], (part.rstrip("\n") for part in parts[1::2])))


KINDS = split((NEW / "kinds").read_text(encoding="ascii"), r"^== (.*)\n")


def read_kind(name):
    """The sections of a kind, with those of the one that it is like."""
    heading = next(heading for heading in KINDS if heading.split()[0] == name)
    like = heading.split()[2:]
    return {**(read_kind(like[0]) if like else {}),
            **split(KINDS[heading], r"^\[([a-z-]+)\]\n")}


def pad(text, width):
    """TEXT in a column of WIDTH."""
    return text + "\t" * max(1, (width - len(text) + 7) // 8)


def man_text(text):
    """A program for a man page."""
    text = text.replace("\\", "\\[rs]").replace("'", "\\[aq]").replace("-", "\\-")
    return "\n".join(line or "\\&" for line in text.split("\n"))


def align(declarations):
    """(TYPE, NAME with a star in front or not, VALUE): as the man-pages project does."""
    declarations = list(declarations)
    width = max((len(kind) for kind, _, _ in declarations), default=0) + 1
    return "\n".join(f"    {kind.ljust(width)}{'' if name.startswith('*') else ' '}{name}"
                     f"{' = ' + value if value else ''};"
                     for kind, name, value in declarations)
