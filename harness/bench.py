#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Report the figures of `make bench`.

  bench.py report BENCH FIGURES		print tables and targets
  bench.py plot BENCH FIGURES		draw the pictures beside the figures
  bench.py hold BENCH TABLE PERCENT NEW	compare new figures with the accepted
  bench.py accept BENCH FIGURES		make them the accepted figures

BENCH is the directory with rows, targets, pictures, documents, their summaries
and the caption, which is the last line of each summary, and with the accepted
figures.
FIGURES is a directory of TABLE.csv with the columns n,way,abi,value.
"""

import pathlib
import shutil
import subprocess
import sys

from checks import results
from checks.results import check

# One for each word in front of the colon of a title.
COLOURS = "0xd55e00 0xcc79a7 0x009e73 0x7f7f7f 0x0072b2 0x000000".split()
TERMINAL = "svg noenhanced size 900,480 background rgb 'white'"
GNUPLOT = pathlib.Path(__file__).with_name("bench.gnuplot")


def die(text):
    sys.exit(f"bench: {text}")


def load_csv(path):
    """{(n, way, abi): value}; a header line is left out."""
    figures = {}
    for line in path.read_text(encoding="ascii").splitlines():
        n, way, abi, value = line.split(",")
        if n != "n":
            figures[int(n), way, abi] = float(value)
    return figures


def load_figures(directory):
    tables = {path.stem: load_csv(path) for path in directory.glob("*.csv")}
    return tables or die(f"{directory}: no figures; make bench measures them")


def records(path, fields):
    """Lines of tab-separated fields; a line "== HEADING" has just one."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            yield [line[3:]]
            continue
        parts = line.split("\t")
        if len(parts) != fields:
            die(f"{path}: line {number}: expected {fields} fields, not: {line}")
        yield parts


def blocks(path):
    """[heading, [(way, abi, title)...]] of a file such as rows."""
    found = []
    for parts in records(path, 3):
        if len(parts) == 1:
            found.append((parts[0], []))
        else:
            found[-1][1].append(parts)
    return found


def cell(figures, n, way, abi):
    """A figure, or the ratio of two, as text."""
    part = way.split("/")
    values = [figures.get((n, p, abi)) for p in part]
    if None in values or (len(values) > 1 and not values[1]):
        return ""
    if len(values) == 1:
        return f"{values[0]:,.0f}"
    return f"{values[0] / values[1]:.1f}"


def tables(tables_of, path):
    """The tables of a file such as rows. A table has a column for each N that
    it has a figure of."""
    texts = []
    for heading, rows in blocks(path):
        name, _, title = heading.partition(" ")
        figures = tables_of.get(name, {})
        sizes = [n for n in sorted({key[0] for key in figures})
                 if any(cell(figures, n, way, abi) for way, abi, _ in rows)]
        if not sizes:
            continue
        width = max(len(text) for text in [title, *(row[2] for row in rows)])
        lines = [title.ljust(width) + "".join(f" {f'N={n:,}':>9}" for n in sizes)]
        for way, abi, text in rows:
            lines.append((text.ljust(width) + "".join(
                f" {cell(figures, n, way, abi):>9}" for n in sizes)).rstrip())
        texts.append("\n".join(lines) + "\n")
    return "\n".join(texts)


def figure(tables_of, name):
    table, n, way, abi = name.split(":")
    return tables_of.get(table, {}).get((int(n), way, abi))


def value_of(tables_of, expression):
    """A figure; or A / B, A - B, A : B in percent, A % B the change in percent."""
    first, *rest = expression.split(" ")
    a = figure(tables_of, first)
    if not rest or a is None:
        return a
    b = figure(tables_of, rest[1])
    if not b:
        return None
    return {"/": a / b, ":": 100 * a / b, "-": a - b,
            "%": abs(100 * (a - b) / b)}[rest[0]]


def shown(value):
    if value is None:
        return "-"
    if value >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def verdict(value, comparison, target):
    if value is None:
        return "not measured"
    if target is None:
        return ""
    met = value <= target if comparison == "<=" else value >= target
    return "met" if met else "missed"


def targets(tables_of, path):
    lines = [f"{'Figure':52} {'measured':>10} {'target':>13}"]
    for what, expression, comparison, target in records(path, 4):
        target = None if target == "-" else float(target)
        value = value_of(tables_of, expression)
        lines.append(f"{what:52} {shown(value):>10} {comparison:>2} "
                     f"{shown(target):>10}  "
                     f"{verdict(value, comparison, target)}".rstrip())
    return "\n".join(lines) + "\n"


def report(bench, figures):
    tables_of = load_figures(figures)
    print()
    print(tables(tables_of, bench / "rows"))
    print(targets(tables_of, bench / "targets"))


def colour(title, seen):
    return COLOURS[seen.setdefault(title.partition(":")[0], len(seen))]


def lines_data(figures, rows):
    """A block for each line, its title in front, and the colours."""
    data, colours, seen = [], [], {}
    for way, abi, title in rows:
        points = [f"{n} {value}" for (n, w, a), value in sorted(figures.items())
                  if (w, a) == (way, abi)]
        if points:
            data.append("\n".join([f'"{title}"', *points]))
            colours.append(colour(title, seen))
    return "\n\n\n".join(data), colours


def bars_data(figures, rows, n):
    data, colours, seen = [], [], {}
    for way, abi, title in rows:
        value = figures.get((n, way, abi))
        if value is not None:
            colours.append(colour(title, seen))
            data.append(f'{len(data)} {value} "{title}" "{value:,.0f}" '
                        f"{colours[-1]}")
    return "\n".join(data), colours


def plot(bench, figures):
    tables_of = load_figures(figures)
    for heading, rows in blocks(bench / "pictures"):
        table, name, kind, n, title = heading.split(" ", 4)
        own = tables_of.get(table, {})
        data, colours = (lines_data(own, rows) if kind == "lines"
                         else bars_data(own, rows, int(n)))
        if not colours:
            continue
        script = [
            "$data << END", data, "END", f"set terminal {TERMINAL}",
            f'set output "{figures / name}.svg"',
            f'heading = "{title}"; kind = "{kind}"; items = {len(colours)}',
            f'colours = "{" ".join(colours)}"', f"load '{GNUPLOT}'", ""]
        subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=True)


def hold(bench, table, percent, new):
    """Print a result for each new figure: it must not be more than so many
    percent above the accepted one."""
    old, figures = load_csv(bench / f"{table}.csv"), load_csv(new)
    for key, value in figures.items():
        n, way, abi = key
        was = old.get(key, 0)
        check(f"{table} of {n}: {way} ({abi}): {value:.1f}, was {was:.1f}",
              value <= was * (1 + percent / 100),
              f"risen by more than {percent:g} %; 0 is none yet: make bench measures it")
        if value < was * (1 - percent / 100):
            print(f"# fell by more than {percent:g} %: make bench and "
                  "make bench-accept keep it there")
    check(f"{table}: there are figures to compare", figures)
    return results.failed


def replace_summary(document, summary):
    """Put the summary, indented as the old one, into the document."""
    first = summary[0].split("  ")[0]
    lines = document.read_text().splitlines()
    starts = [i for i, line in enumerate(lines)
              if line.lstrip(" ").startswith(first)]
    ends = [i for i, line in enumerate(lines)
            if starts and i > starts[0] and line.strip(" ") == summary[-1]]
    if not ends:
        die(f"{document}: expected the summary's first line, and {summary[-1]}")
    indent = lines[starts[0]][:lines[starts[0]].index(first)]
    lines[starts[0]:ends[0] + 1] = [
        indent + line if line else "" for line in summary]
    document.write_text("\n".join(lines) + "\n")


def accept(bench, figures):
    load_figures(figures)
    for path in [*figures.glob("*.csv"), *figures.glob("*.svg")]:
        shutil.copy(path, bench)
    print(f"figures: {bench}")
    caption = (bench / "caption").read_text(encoding="ascii")
    for document, summary in records(bench / "documents", 2):
        text = tables(load_figures(bench), bench / summary) + caption
        replace_summary(bench.parents[1] / document, text.splitlines())
        print(f"{summary}: {document}")


def main(command, bench, *arguments):
    bench = pathlib.Path(bench)
    if command == "hold":
        table, percent, new = arguments
        return hold(bench, table, float(percent), pathlib.Path(new))
    command = {"report": report, "plot": plot, "accept": accept}[command]
    return command(bench, *map(pathlib.Path, arguments))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
