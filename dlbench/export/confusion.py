"""What was taken for what: confusion counts of every trial as CSV, and of every variant as a table for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.summary import Report
from dlbench.analysis.table import Row
from dlbench.data_facts import SPLITS
from dlbench.export.base import EXPORTERS
from dlbench.export.csv_tables import csv_text, searched_paths

MOST_SHOWN = 10
"""Classes whose counts are a table that people can read."""


@EXPORTERS.add(name="confusion", suffix=".csv")
def confusion(report: Report) -> str:
    """How many samples of each class every trial took for which at its end, one row each pair and split, as CSV.

    Pairs that never happened are left out; no rows where no classes are learned, or beyond a hundred of them.
    """
    paths = searched_paths(trial.plan.choice for trial in report.state.trials)
    header = ["trial", "variant", *paths, "seed", "split", "true", "predicted", "count"]
    return csv_text(header, _pairs(report, paths))


def _pairs(report: Report, paths: list[str]) -> Iterator[list[Any]]:
    for trial in report.state.trials:
        plan, names = trial.plan, trial.class_names
        who = [plan.id, plan.variant, *(plan.choice.get(path) for path in paths), plan.seed]
        for split in SPLITS:
            if (counts := trial.confusion(split)) is not None:
                for true, said in np.argwhere(counts).tolist():
                    yield [*who, split, names[true], names[said], int(counts[true, said])]


def confusion_of(row: Row, report: Report) -> tuple[list[str], NDArray[np.int64]] | None:
    """The names of the classes and the counts `[true, predicted]` of the test data, all seeds of a row together.

    `None` where there are none, or too many classes to be read.
    """
    trials = [one for one in report.state.trials if (one.plan.variant, one.plan.choice) == (row.variant, row.choice)]
    found = [counts for trial in trials if (counts := trial.confusion()) is not None]
    if not found or len(found[0]) > MOST_SHOWN:
        return None
    return list(trials[0].class_names), np.sum(found, axis=0)
