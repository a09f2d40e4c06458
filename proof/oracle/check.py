# SPDX-License-Identifier: GPL-2.0
"""Compare what the system call reports with what Debian's programs show, which do
not use it.

  check.py DUMP		DUMP is the program xyzzy_dump

Prints a line for each column, then for each field of the records which columns
detect a wrong value, and the totals. The exit status is 0 if every
difference is explained.
"""

import sys
import time

import oracles
import table
import tamper
from judge import Measurement, Tally, Verdict
from records import Dump

PROCESSES = 2000
THREADS = 500


def measure(program, function, kinds):
    first = {kind: Dump(program, kind == "thread") for kind in kinds}
    answers = function(first)
    last = {kind: Dump(program, kind == "thread") for kind in kinds}
    return Measurement(first, last, answers)


def measure_all(program, columns):
    """Yields each column with its measurement, batch by batch."""
    for oracle in dict.fromkeys(c.oracle for c in columns):
        own = [c for c in columns if c.oracle == oracle]
        for batch, function in oracles.ask(oracle, [c.name for c in own]):
            wanted = [c for c in own if c.name in batch]
            measurement = measure(program, function, {c.record for c in wanted})
            for column in wanted:
                yield column, measurement


def describe_population(program):
    processes = Dump(program).records
    threads = Dump(program, True).records
    more = len(threads) - len(processes)
    print(f"population: {len(processes)} processes, {more} more threads")
    return len(processes) >= PROCESSES and more >= THREADS


def print_versions():
    with open("/packages", encoding="ascii") as packages:
        for line in packages:
            if line.startswith(("procps ", "python3-psutil ", "python3 ")):
                print(f"oracle: Debian package {line}", end="")


def print_tally(tally):
    count = tally.count
    error = tally.column.error
    print(f"{tally.column.title}: {tally.compared} compared, "
          f"{count[Verdict.EXPLAINED]} explained, "
          f"{count[Verdict.DIFFERS]} differ "
          f"({len(tally.values)} values, {count[Verdict.BETWEEN]} moved and "
          f"within bounds, {count[Verdict.MOVED]} not compared" +
          (f", may be off by {error})" if error else ")"))
    for reason, (often, example) in tally.reasons.items():
        print(f"  explained {often}: {reason} ({example})")
    for words in tally.complaints():
        print(f"  WRONG: {words}", flush=True)


def main(program):
    begin = time.monotonic()
    print_versions()
    enough = describe_population(program)
    tallies, measured = [], []
    for column, measurement in measure_all(program, table.load()):
        tallies.append(Tally(column, measurement))
        measured.append((column, measurement))
        print_tally(tallies[-1])
    unnoticed = tamper.report(measured, Dump(program).names)
    if unnoticed:
        print(f"WRONG: no column noticed: {', '.join(unnoticed)}")
    if not enough:
        print(f"WRONG: expected {PROCESSES} processes, {THREADS} more threads")

    def total(verdict):
        return sum(t.count[verdict] for t in tallies)

    print(f"compared in {time.monotonic() - begin:.0f} s")
    print(f"{len(tallies)} columns, {sum(t.compared for t in tallies)} values "
          f"compared, {total(Verdict.EXPLAINED)} explained, "
          f"{total(Verdict.DIFFERS)} differences")
    wrong = any(True for t in tallies for _ in t.complaints())
    return 1 if wrong or unnoticed or not enough else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
