# SPDX-License-Identifier: GPL-2.0
"""The table `columns`, read."""

import os

from expect import HELPERS
from read import READERS

MOVES = ("never", "runs", "grows")


class Column:
    def __init__(self, oracle, name, reads, record, expect, moves, error="0"):
        if moves not in MOVES:
            raise ValueError(f"columns: {oracle} {name}: {moves} is none of "
                             f"{', '.join(MOVES)}")
        self.oracle, self.name, self.record = oracle, name, record
        self.title = f"{oracle} {name}"
        if record == "thread" and oracle != "ps -L":
            self.title += " (thread)"
        self.read = READERS[reads]
        self.code = compile(expect, self.title, "eval")
        self.moves = moves
        self.error = eval(error, HELPERS)

    def uses(self, field):
        return field in self.code.co_names

    def expected(self, record):
        return eval(self.code, HELPERS, record)


def load():
    path = os.path.join(os.path.dirname(__file__), "columns")
    with open(path, encoding="ascii") as table:
        return [Column(*line.rstrip("\n").split("\t"))
                for line in table if not line.startswith("#")]
