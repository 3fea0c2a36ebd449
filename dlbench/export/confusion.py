"""What was taken for what: confusion counts of every trial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlbench.analysis.summary import Report
from dlbench.data_facts import SPLITS
from dlbench.export.records import RECORDS, RecordField, Records, Who, records_of


@RECORDS.add()
def confusion(report: Report) -> Records:
    """How many samples of each class every trial took for which at its end, one row each pair and split.

    Pairs that never happened are left out; no rows where no classes are learned, or beyond a hundred of them.
    """
    who = Who(report.trials)
    fields = [
        *who.fields,
        RecordField("split", "text"),
        RecordField("true", "text", "the class that it is"),
        RecordField("predicted", "text", "the class that it was taken for"),
        RecordField("count", "integer", "samples"),
    ]
    return records_of(fields, lambda: _pairs(report, who))


def _pairs(report: Report, who: Who) -> Iterator[list[Any]]:
    for trial in report.trials:
        names = trial.class_names
        for split in SPLITS:
            if (counts := trial.confusion(split)) is not None:
                for true, said in np.argwhere(counts).tolist():
                    yield [*who.values(trial), split, names[true], names[said], int(counts[true, said])]
