"""A short form of `python -m benchmarks.chaos`: nothing is lost, and its own counting is right."""

import random
import signal

import pytest

from benchmarks.chaos import damage
from benchmarks.chaos.bench import Bench, numbers
from benchmarks.chaos.kills import Chain
from benchmarks.chaos.tally import Tally
from dlbench.cli.run_files import make_folder
from dlbench.engine.worker import Worker
from dlbench.plan.make import make_plan
from dlbench.recipe import load


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The recipe of the chaos, trained in this process."""
    bench = Bench(tmp_path_factory.mktemp("undisturbed"))
    recipe = load(str(bench.folder / "chaos.toml"))
    folder = make_folder(bench.results, recipe, make_plan(recipe, device="cpu", workers=1))
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(signal, "signal", lambda *_: None)
        assert Worker(folder, 0, 0, [2, 0, 1]).run() == 0
    return folder


@pytest.mark.extras
def test_killed_twice_and_resumed_it_ends_with_the_same_table(tmp_path, undisturbed):
    """Real processes, killed at two random instants: every metric, ensemble and verdict is that of the undisturbed run."""
    tally = Tally()
    chain = Chain(Bench(tmp_path), random.Random(5), 3.0, tally, 2)
    chain.run(numbers(undisturbed))

    assert sum(chain.phases.values()) == 2
    assert (tally.lost, tally.faults) == (0, [])
    assert sum(counts.same for counts in tally.kinds.values()) == 2


@pytest.mark.extras
def test_destroyed_events_are_told(undisturbed):
    """Three lines destroyed in any way are counted by the table, and no trial is bent without a word."""
    tally = Tally()
    damage.events(undisturbed, random.Random(0), tally, numbers(undisturbed), 4)

    assert {kind: counts.told for kind, counts in tally.kinds.items()} == dict.fromkeys(tally.kinds, 4)
    assert (len(tally.kinds), tally.lost) == (len(damage.EVENT_WAYS), 0)


@pytest.mark.extras
def test_destroyed_arrays_are_told(undisturbed):
    """Large arrays damaged in any way are counted by who reads them, and no trial is bent without a word."""
    tally = Tally()
    damage.arrays(undisturbed, random.Random(0), tally, numbers(undisturbed), list(damage.WAYS))

    assert {kind: counts.told for kind, counts in tally.kinds.items()} == dict.fromkeys(tally.kinds, 1)
    assert (len(tally.kinds), tally.lost) == (len(damage.WAYS), 0)


@pytest.mark.extras
def test_a_clock_that_is_turned_back_changes_nothing(undisturbed):
    """Whatever the times of the events say, the table is the same, and the run done."""
    tally = Tally()
    damage.clock(undisturbed, random.Random(0), tally, numbers(undisturbed), 4)

    assert vars(tally.kinds["clock turned back"]) == {"tried": 4, "same": 4, "told": 4, "lost": 0}


def test_what_differs_without_a_word_is_lost():
    """A table of its own is lost unless it may differ and was told; the same table never is."""
    tally = Tally()
    for same in (True, False):
        for told in (True, False):
            tally.add("kill", same=same, told=told)
            tally.add("events", same=same, told=told, may_differ=True)

    assert {kind: (counts.tried, counts.lost) for kind, counts in tally.kinds.items()} == {
        "kill": (4, 2),
        "events": (4, 1),
    }
    assert tally.lost == 3
