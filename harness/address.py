#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Put To: and Cc: into the messages of a series.

  address.py DIR TREE MAINTAINERS LIMIT

Maintainers of a file that a patch changes are To:, reviewers and lists Cc:, as
TREE's scripts/get_maintainer.pl finds them in MAINTAINERS. LISTS always get it.
The cover letter goes to all who get a patch. Patches for the man-pages project,
in DIR/man-pages, go to those who maintain it. A message of more than LIMIT bytes
is refused.
"""

import email.utils
import pathlib
import re
import subprocess
import sys

LISTS = ("linux-api@vger.kernel.org", "linux-man@vger.kernel.org",
         "linux-security-module@vger.kernel.org")


def get_maintainer(tree, maintainers, patch):
    """Lines such as "NAME <ADDRESS> (maintainer:SECTION)"."""
    return subprocess.run(
        ["perl", "scripts/get_maintainer.pl", "--mpath", maintainers, "--nogit",
         "--nogit-fallback", "--roles", "--norolestats", patch],
        cwd=tree, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def man_pages(maintainers):
    section = re.search(r"^MAN-PAGES:.*\n(?:[A-Z]:.*\n)+",
                        maintainers.read_text(encoding="utf-8"), re.MULTILINE)
    if not section:
        sys.exit(f"address: {maintainers}: expected a section MAN-PAGES")
    roles = {"M": "maintainer", "L": "open list"}
    return [f"{who} ({roles[kind]})" for kind, who in
            re.findall(r"^([ML]):\t(.*)$", section[0], re.MULTILINE)]


def recipients(lines):
    """Two dicts of {address: name}."""
    to, cc = {}, {}
    for line in lines:
        who, role = re.fullmatch(r"(.*) \(([^()]*(?:\(.*\)[^()]*)*)\)", line).groups()
        name, address = email.utils.parseaddr(who)
        (to if role.startswith(("maintainer", "supporter")) else cc)[address] = name
    cc.update(dict.fromkeys(LISTS, ""))
    to = to or {LISTS[0]: ""}
    return to, {address: name for address, name in cc.items() if address not in to}


def header(name, people):
    """A line for each."""
    lines = [email.utils.formataddr((real, address), charset="utf-8")
             for address, real in people.items()]
    return f"{name}: " + ",\n\t".join(lines) + "\n"


def write(message, to, cc):
    text = message.read_text(encoding="utf-8")
    where = text.index("\nSubject: ") + 1
    headers = "".join(header(*h) for h in (("To", to), ("Cc", cc)) if h[1])
    message.write_text(text[:where] + headers + text[where:], encoding="utf-8")


def main(directory, tree, maintainers, limit):
    directory, maintainers = pathlib.Path(directory), pathlib.Path(maintainers)
    to_all, cc_all = {}, {}
    for patch in sorted(directory.rglob("*.patch")):
        if patch.parent == directory:
            to, cc = recipients(get_maintainer(tree, maintainers, patch))
        else:
            to, cc = recipients(man_pages(maintainers))
        write(patch, to, cc)
        to_all.update(to)
        cc_all.update(cc)
    cover, = directory.glob("*.txt")
    write(cover, dict.fromkeys(LISTS, ""),
          {address: name for address, name in {**to_all, **cc_all}.items()
           if address not in LISTS})
    for message in sorted(directory.rglob("*.*")):
        size = message.stat().st_size
        if size > int(limit):
            sys.exit(f"address: {message.name}: expected at most {limit} bytes for the "
                     f"lists, not {size}; split the commit")


if __name__ == "__main__":
    main(*sys.argv[1:])
