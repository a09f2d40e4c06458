# SPDX-License-Identifier: GPL-2.0
"""Compare what an oracle shows with the records from before and after."""

import enum

import known
from records import in_both, ran


class Verdict(enum.Enum):
    SAME = enum.auto()		# As exact as the column can be
    BETWEEN = enum.auto()	# It moved, and lies between its two records
    MOVED = enum.auto()		# It may have changed: nothing to compare
    EXPLAINED = enum.auto()	# The oracle is known to show something else
    DIFFERS = enum.auto()


class Measurement:
    """Answers of an oracle, and the dumps around them, by kind of record."""

    def __init__(self, first, last, answers):
        self.answers = answers
        self.first, self.last = first, last
        self.pairs = {kind: list(in_both(first[kind], last[kind]))
                      for kind in first}

    def strangers(self, column):
        """What the oracle shows and no dump has."""
        dumped = (set(self.first[column.record].records) |
                  set(self.last[column.record].records))
        return [pid for pid in self.answers[column.record]
                if pid not in dumped]

    def shown(self, column, pid):
        """As the oracle has it, and read; None if it has nothing."""
        answer = self.answers[column.record].get(pid)
        if answer is None or column.name not in answer:
            return None, None
        raw = answer[column.name]
        return raw, column.read(raw)

    def expected(self, column, record, raw):
        value = column.expected(record)
        if column.oracle == "pgrep":
            return (raw[0], bool(raw[0](value)))
        return value

    def judge(self, column, pid, before, after):
        """Returns the verdict and, if they differ, why (if that is known) and
        how."""
        raw, value = self.shown(column, pid)
        if raw is None and value is None:
            return Verdict.DIFFERS, None, f"PID {pid}: not shown"
        low = self.expected(column, before, raw)
        high = self.expected(column, after, raw)
        if column.moves == "runs" and (low != high or ran(before, after)):
            return Verdict.MOVED, None, None
        if low == high and agrees(value, low, low, column.error):
            return Verdict.SAME, None, None
        if (low != high and column.moves == "grows" and
                agrees(value, low, high, column.error)):
            return Verdict.BETWEEN, None, None
        words = (f"PID {pid}: shown {raw!r}, expected {low!r}" +
                 (f" to {high!r}" if low != high else ""))
        reason = known.explain(column, before, value, low, self)
        verdict = Verdict.EXPLAINED if reason else Verdict.DIFFERS
        return verdict, reason, words


def agrees(value, low, high, error):
    if isinstance(value, int) and isinstance(low, int):
        return low - error <= value <= high + error
    return value == low == high


class Tally:
    """The verdicts on a column."""

    def __init__(self, column, measurement):
        self.column = column
        self.count = dict.fromkeys(Verdict, 0)
        self.values = set()
        self.reasons = {}	# How often, and the first example
        self.differences = []
        for pid, before, after in measurement.pairs[column.record]:
            self.add(*measurement.judge(column, pid, before, after))
            self.values.add(column.expected(before))
        for pid in measurement.strangers(column):
            self.add(Verdict.DIFFERS, None,
                     f"PID {pid}: shown, but in no record")

    def add(self, verdict, reason, words):
        self.count[verdict] += 1
        if verdict is Verdict.DIFFERS:
            self.differences.append(words)
        elif reason:
            often, example = self.reasons.get(reason, (0, words))
            self.reasons[reason] = often + 1, example

    @property
    def compared(self):
        return sum(self.count.values()) - self.count[Verdict.MOVED]

    def complaints(self):
        if not self.compared:
            yield "nothing was compared"
        if len(self.values) < 2:
            yield "all values are the same: the population lacks something"
        yield from self.differences[:10]
