"""How long recipes take, as it is measured for `dlbench list`."""

from pathlib import Path

import pytest

from benchmarks import durations
from dlbench.recipe.durations import Duration

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@pytest.fixture(autouse=True)
def kept_runs(monkeypatch):
    """The kept runs, wherever the tests are run."""
    monkeypatch.setattr(durations, "REFERENCE", REFERENCE)


def test_kept_runs_on_a_cpu_are_read():
    """Of a run on a CPU the training time of all trials is summed; one on a GPU says nothing of a CPU."""
    seconds, trials = durations.kept("xor")

    assert trials == 600
    assert 10 < seconds < 1000
    assert durations.kept("rbm") is None
    assert durations.kept("no such recipe") is None


def test_other_seeds_and_other_machines_make_an_estimate(monkeypatch):
    """A kept run of as many trials is a measurement; of others its share is an estimate, as is what only the plan thinks."""
    monkeypatch.setattr(durations, "plan_of", lambda name, *, quick: type("Plan", (), {"trials": [0] * 10}))
    monkeypatch.setattr(durations, "thought", lambda plan: 100.0)
    runs = {"same": (60.0, 10), "half": (60.0, 20), "none": None}
    monkeypatch.setattr(durations, "kept", runs.get)

    assert durations.duration("same", 1.5, quick=False) == Duration(30.0, is_estimate=False)
    assert durations.duration("half", 1.5, quick=False) == Duration(15.0, is_estimate=True)
    assert durations.duration("none", 1.5, quick=False) == Duration(75.0, is_estimate=True)
    assert durations.duration("same", 1.5, quick=True) == Duration(75.0, is_estimate=True)


def test_a_small_version_is_not_said_to_take_longer():
    """What is measured of two starts of a process differs by noise; the whole recipe is what it is."""
    full = Duration(4.2, is_estimate=False)

    assert durations.no_longer(Duration(4.3, is_estimate=False), full) == full
    assert durations.no_longer(Duration(4.1, is_estimate=True), full) == Duration(4.1, is_estimate=True)
