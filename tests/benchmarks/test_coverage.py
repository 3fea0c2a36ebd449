"""The simulation of dlbench's statistics: it runs, and what it can compute without draws keeps its promise."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from benchmarks.coverage import shares
from benchmarks.coverage.__main__ import SIMULATIONS, table
from benchmarks.coverage.row import SEEDS, Effort


@pytest.mark.extras
def test_every_matter_is_simulated_and_printed() -> None:
    """Each simulation has a chance for every number of seeds in every row, or numbers of seeds, and the table has them all."""
    rows = [row for simulate in SIMULATIONS.values() for row in simulate(Effort(8))]
    out = io.StringIO()
    Console(file=out, width=200).print(table(rows))

    chances, numbers = ([row for row in rows if row.is_chance is wanted] for wanted in (True, False))
    assert len(chances) >= 40
    assert all(len(found) == len(SEEDS) for row in chances for found in (row.after, row.before or row.after))
    assert all(0 <= chance <= 1 for row in chances for chance in (*row.after, *(row.before or ())))
    assert all(number >= 5 for row in numbers for number in (*row.after, *(row.before or ())))
    assert len(re.findall(r"\d %", out.getvalue())) >= 3 * len(chances)


def test_shares_keep_their_promise() -> None:
    """At no share of a grid does an interval miss more often than it says, where the textbook's misses twice as often."""
    share, pair, every, _ = shares.simulate(Effort(4))
    assert max(share.after + pair.after) <= 0.05
    assert max(every.after) <= 0.0501
    assert share.before is not None
    assert min(share.before) > 0.09
