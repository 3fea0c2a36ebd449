"""Runs that older versions wrote are read for ever."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dlbench.analysis.summary import Report, summarize
from dlbench.launch.status import status
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder

OLD = Path(__file__).parent / "old_runs"


@pytest.fixture(scope="module")
def version_1(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """XOR, three variants of three seeds each: stopped in the middle and resumed; all trials of the third diverge at once.

    Written by dlbench 0.1.0 (commit e94d96e); its host and process are made up.
    """
    path = tmp_path_factory.mktemp("results") / "small" / "20261130-025509"
    return RunFolder(Path(shutil.copytree(OLD / "version-1", path)))


MEANS = {
    "sigmoid": {
        "train_loss": 0.0013493943,
        "train_loss@1200": 0.6930574133333334,
        "test_accuracy": 1.0,
        "first_last_gradient_ratio": 0.518601776099725,
        "solved": 1.0,
    },
    "relu": {
        "train_loss": 0.3182731746256667,
        "train_loss@1200": 0.31838418786,
        "test_accuracy": 0.8333333333333333,
        "first_last_gradient_ratio": 1.3155340394685482,
        "difference": 0.31692378032566665,
        "solved": 0.3333333333333333,
    },
    "wild": {"solved": 0.0},
}
"""The means that 0.1.0 wrote into this run's summary.json, by variant and column."""


def means(found: Report) -> dict[str, dict[str, float]]:
    """The means of a report, by variant and column."""
    cells = {row.variant: row.cells for row in found.table.rows}
    return {name: {key: cell.mean for key, cell in own.items() if cell.n} for name, own in cells.items()}


def test_a_run_of_version_1_has_the_table_that_it_had(version_1: RunFolder) -> None:
    """Every mean of the table is what the version that trained it printed, within the rounding of a sum."""
    found = means(summarize(version_1))

    assert {name: set(own) for name, own in found.items()} == {name: set(own) for name, own in MEANS.items()}
    for variant, own in MEANS.items():
        assert found[variant] == pytest.approx(own, rel=1e-12)


def test_every_line_of_version_1_is_read(version_1: RunFolder) -> None:
    """Both sessions, each line with its number, none missed; the run stands as it was left."""
    reader = EventReader(version_1)
    events = reader.poll()

    files = [path.read_bytes().count(b"\n") for _, _, path in version_1.events_files()]
    assert [event["seq"] for event in events] == [seq for lines in files for seq in range(lines)]
    assert {event["v"] for event in events} == {1}
    assert reader.problems.total() == 0
    assert (status(version_1).state, status(version_1).unfinished) == ("done", [])
