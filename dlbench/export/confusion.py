"""What was taken for what: confusion counts of every trial as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlbench.analysis.summary import Report
from dlbench.data_facts import SPLITS
from dlbench.export.base import EXPORTERS
from dlbench.export.csv_tables import csv_text, searched_paths


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
