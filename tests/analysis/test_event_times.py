"""The time to an event that need not come, in the table and its exports."""

from __future__ import annotations

import csv
import io
import math

import orjson
import pytest
from synthetic_run import LN2, finished, make_plan, state_of

from dlbench.analysis.summary import report
from dlbench.export import EXPORTERS
from dlbench.plan.questions import Compare, Questions
from dlbench.text.cells import cell_parts

SOLVED, NEVER = 1.0, 0.5


def report_of(**variants):
    """The report on a run whose trials solve it (at step 100), never do, or diverge."""
    plan = make_plan(list(variants), 10)

    def final(trial):
        value = variants[trial.variant][trial.seed]
        if value is None:
            return {"diverged_at": 10}
        return {"train_accuracy": value, "train_loss": LN2 * (1 - value), "test_accuracy": value}

    return report(
        state_of(plan, finished(plan, final)), Questions(compare=Compare("solved", next(iter(variants))), claims=[])
    )


@pytest.mark.parametrize(
    ("ends", "parts", "median"),
    [
        ([SOLVED] * 10, ("100", "± 0"), 100.0),
        ([SOLVED] * 6 + [NEVER] * 4, ("100", "median, 4 never"), 100.0),
        ([SOLVED] * 5 + [NEVER] * 5, ("∞", "median, 5 never"), None),
        ([SOLVED] * 4 + [NEVER] * 6, ("∞", "median, 6 never"), None),
        ([SOLVED] * 4 + [NEVER] * 3 + [None] * 3, ("100", "median, 3 never"), 100.0),
        ([NEVER] * 10, ("∞", "median, 10 never"), None),
    ],
)
def test_never_is_later_than_all(ends, parts, median):
    """The median counts seeds that never got there as infinite, and not those that diverged; how many is said and exported."""
    found = report_of(a=ends, b=[SOLVED] * 10)
    (column,) = (one for one in found.table.all_columns if one.key == "steps_to_solve")
    assert cell_parts(found.table.rows[0].cells["steps_to_solve"], column) == parts

    never = sum(end == NEVER for end in ends)
    cell = orjson.loads(EXPORTERS["json"].make(found))["rows"][0]["cells"]["steps_to_solve"]
    assert (cell["median"], cell["never"]) == (median, never)
    line = next(csv.DictReader(io.StringIO(EXPORTERS["csv"].make(found))))
    assert float(line["steps_to_solve_median"]) == (math.inf if median is None else median)
    assert int(line["steps_to_solve_never"]) == never


def test_a_time_that_nobody_has_is_no_column():
    """Where no seed of any variant got there, the table has no column of it."""
    found = report_of(a=[NEVER] * 10, b=[NEVER] * 10)
    assert not [column for column in found.table.all_columns if column.key == "steps_to_solve"]
