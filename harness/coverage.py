#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sum up what `gcov --json-format` says of one source file.

  coverage.py REASONS SOURCE TEXT <JSON

TEXT is the file SOURCE itself. REASONS has two lines "lines PERCENT" and
"branches PERCENT", which have to be reached, and a line for what cannot be:
the function, how many of its lines and branches, and why, with tabs between.
"""

import json
import re
import sys


def read_reasons(path):
    wanted, reasons = {}, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split(None, 1)
            if line.startswith("#") or not line.strip():
                continue
            if fields[0] in ("lines", "branches"):
                wanted[fields[0]] = float(fields[1])
            else:
                number, why = fields[1].split(None, 1)
                reasons.setdefault(fields[0], []).append((int(number), why))
    return wanted, reasons


def missed_in(line):
    """What was not reached in a line; if the line was not, its branches are not listed."""
    if not line["count"]:
        return ["line not reached"]
    return [f"branch {number} never taken"
            for number, branch in enumerate(line["branches"])
            if not branch["count"]]


def function_at(line, text):
    """Of code that is only inlined, gcov does not name the function."""
    if "function_name" in line:
        return line["function_name"]
    for above in reversed(text[:line["line_number"]]):
        found = re.match(r"\w.*?(\w+)\(", above)
        if found:
            return found[1]
    return "?"


def main(reasons_file, source, text_file):
    wanted, reasons = read_reasons(reasons_file)
    with open(text_file, encoding="utf-8") as file:
        text = file.read().splitlines()
    lines = [line for file in json.load(sys.stdin)["files"]
             if file["file"].endswith(source) for line in file["lines"]]
    missed = {}
    for line in lines:
        for what in missed_in(line):
            number = line["line_number"]
            missed.setdefault(function_at(line, text), []).append(
                f"{source}:{number}: {what}: {text[number - 1].strip()}")

    failed = False
    for function, found in missed.items():
        print(*found, sep="\n")
        explained = reasons.get(function, [])
        for number, why in explained:
            print(f"\t{function}(), {number}: {why}")
        if len(found) > sum(number for number, _ in explained):
            print(f"coverage: {function}(): expected a reason in {reasons_file} "
                  "for each of these")
            failed = True

    branches = [branch for line in lines for branch in line["branches"]]
    for what, all_of in (("lines", lines), ("branches", branches)):
        reached = sum(item["count"] > 0 for item in all_of)
        percent = 100 * reached / len(all_of) if all_of else 0
        print(f"{source}: {reached} of {len(all_of)} {what}, {percent:.1f} % "
              f"(at least {wanted.get(what, 0):g} %)")
        if percent < wanted.get(what, 0):
            print(f"coverage: expected more {what} to be reached")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
