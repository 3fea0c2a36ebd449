"""Which trials are members, what is made of them, and what is said of those that are none."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import orjson
import pytest
from ensemble_run import ASKED, COMPARE, LABELS, ended, final, folder_of, logits_of, reported
from scipy.special import log_softmax, softmax
from synthetic_run import control_event, make_plan

from dlbench.analysis.ensembles.ensemble import QUANTITIES
from dlbench.analysis.ensembles.members import ensembles
from dlbench.analysis.statistics.intervals import mean_interval
from dlbench.analysis.summary import report
from dlbench.export.json_data import as_data
from dlbench.metrics.names import ENSEMBLE
from dlbench.plan.questions import Ensemble, Questions
from dlbench.run.predictions import Predictions, read, write

IDS = [f"1-{seed}" for seed in range(6)]
"""Of the second stack's trials."""


@pytest.fixture
def folder(tmp_path):
    """A folder with predictions."""
    return folder_of(tmp_path)


def found(folder, state, asked=ASKED):
    """The ensembles of a state."""
    return ensembles(state, COMPARE, asked, folder)


def test_numbers_are_those_of_a_plain_loop(folder):
    """Accuracy, loss and both gains over all subsets of three are what loops over members and samples give (1e-12)."""
    group = found(folder, ended()).groups[0]
    probabilities = softmax(logits_of(0).astype(np.float64), axis=-1)
    truth = (slice(None), np.arange(len(LABELS)), LABELS)
    alone = (probabilities.argmax(-1) == LABELS).mean(axis=1)
    losses = -np.log(probabilities[truth]).mean(axis=1)
    expected = {name: [] for name in ENSEMBLE}
    for subset in map(list, combinations(range(6), 3)):
        mean = probabilities[subset].mean(axis=0)
        accuracy, loss = (mean.argmax(-1) == LABELS).mean(), -np.log(mean[truth[1:]]).mean()
        numbers = (accuracy, accuracy - alone[subset].mean(), loss, losses[subset].mean() - loss)
        for name, number in zip(ENSEMBLE, numbers, strict=True):
            expected[name].append(number)
    made = group.find(3, "probability")

    assert (made.members, made.possible, len(made.subsets)) == (6, 20, 20)
    for name in QUANTITIES:
        assert made.values[name] == pytest.approx(expected[name], rel=1e-12, abs=1e-12)
        assert made.estimate(name).mean == pytest.approx(np.mean(expected[name]), rel=1e-12)


def test_one_member_is_the_mean_over_seeds(folder):
    """At size 1 accuracy and loss have the seeds' mean and Student's interval, and the gains are exactly 0."""
    made = found(folder, ended()).groups[1].find(1, "probability")
    accuracies = (logits_of(1).argmax(-1) == LABELS).mean(axis=1)
    losses = -log_softmax(logits_of(1).astype(np.float64), axis=-1)[:, np.arange(len(LABELS)), LABELS].mean(axis=1)

    for name, values in (("ensemble_accuracy", accuracies), ("ensemble_loss", losses)):
        one, student = made.estimate(name), mean_interval(values.tolist())
        assert one.mean == pytest.approx(values.mean(), rel=1e-12)
        assert (one.interval.low, one.interval.high) == pytest.approx((student.low, student.high), rel=1e-9)
    assert made.values["ensemble_gain"].tolist() == made.values["ensemble_loss_gain"].tolist() == [0.0] * 6


def test_all_sizes_and_ways(folder):
    """`"all"` is from one to all seeds, for each way; the ensemble of all has no interval, and that is said."""
    made = found(folder, ended(), Ensemble("all", ["probability", "vote"]))

    assert [(one.method, one.size) for one in made.groups[0].combined] == [
        (way, size) for way in ("probability", "vote") for size in range(1, 7)
    ]
    assert made.groups[0].find(6, "probability").estimate("ensemble_gain").interval is None
    assert made.groups[0].find(3, "vote").estimate("ensemble_loss") is None
    assert any("only one ensemble of all members, so it has no interval" in note for note in made.notes)


def test_where_there_are_many_subsets_some_are_drawn(folder):
    """Not more than the recipe's number of subsets are made, and how many there were is known."""
    made = found(folder, ended(), Ensemble([3], subsets=7)).groups[0].combined[0]

    assert (len(made.subsets), made.possible) == (7, 20)


def test_lost_trials_are_no_members(folder):
    """A diverged trial is left out and counted; the others are combined, and no size beyond them is made."""

    def one_is_lost(trial):
        return {"diverged_at": 7} if (trial.variant, trial.seed) == ("few", 2) else final(trial)

    made = found(folder, ended(final=one_is_lost), Ensemble([3, 6]))

    assert [trial.plan.seed for trial in made.groups[0].members] == [0, 1, 3, 4, 5]
    assert [(one.size, one.members) for one in made.groups[0].combined] == [(3, 5)]
    assert "few: 1 of 6 seeds are not members of its ensembles: 1 diverged" in made.notes
    assert "few: no ensembles of 6: it has 5 members" in made.notes


def test_what_still_trains_is_no_member_yet(tmp_path):
    """Of a stack under way nothing is combined, not even what has ended in it; once a stack has ended, its trials are."""
    plan = make_plan(["few"], 6)
    stack = plan.stacks[0]
    plan.stacks[:] = [replace(stack, trials=[0, 1, 2]), replace(stack, trials=[3, 4, 5])]
    plan.workers[0].stacks[:] = [0, 1]
    folder = folder_of(tmp_path, plan)

    stop = {"v": 1, "kind": "early_stop", "stack": 1, "step": 50, "trial": 0, "best_step": 50}

    def without_ends(of):
        return lambda events: [event for event in events if event["kind"] != "end" or event["stack"] not in of] + [stop]

    one, none = (found(folder, ended(plan, without_ends(of)), Ensemble([2, 4])) for of in ([1], [0, 1]))

    assert [(made.size, made.members) for made in one.groups[0].combined] == [(2, 3)]
    assert one.notes[1:] == [
        "few: 3 of 6 seeds are not members of its ensembles: 1 in a stack that is still training, 2 running",
        "few: no ensembles of 4: it has 3 members",
    ]
    assert list(none.groups[0].combined) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "many: no ensembles: "),
        (lambda path: path.write_bytes(b"PK"), "damaged, no predictions"),
        (lambda path: write(path, Predictions(np.nan * logits_of(1), LABELS, IDS)), "not finite"),
    ],
    ids=["missing", "damaged", "nan"],
)
def test_lost_files_are_told_and_hide_no_table(folder, spoil, words):
    """Predictions that someone deleted or damaged are a note; table and the other variant's ensembles are there."""
    spoil(folder.predictions_file(1))
    this = reported(folder, ended())

    assert any(words in note for note in this.ensembles.notes)
    assert [len(group.combined) for group in this.ensembles.groups] == [3, 0]
    assert len(this.table.rows) == 2


def test_members_of_several_stacks_are_combined(tmp_path):
    """A variant whose trials trained in two stacks has one ensemble of them, in the order of the seeds."""
    plan = make_plan(["few"], 6)
    stack = plan.stacks[0]
    plan.stacks[:] = [replace(stack, trials=[3, 4, 5]), replace(stack, trials=[0, 1, 2])]
    plan.workers[0].stacks[:] = [0, 1]
    folder = folder_of(tmp_path, plan)
    group = found(folder, ended(plan), Ensemble([1])).groups[0]
    rows = [*logits_of(1)[:3], *logits_of(0)[:3]]

    assert [trial.plan.seed for trial in group.members] == [0, 1, 2, 3, 4, 5]
    assert group.combined[0].values["ensemble_accuracy"] == pytest.approx(
        [(row.argmax(-1) == LABELS).mean() for row in rows]
    )


def test_stacks_that_were_tested_on_different_data_are_not_combined(tmp_path):
    """Members whose labels differ have no ensemble, and that is said."""
    plan = make_plan(["few"], 6)
    stack = plan.stacks[0]
    plan.stacks[:] = [replace(stack, trials=[0, 1, 2]), replace(stack, trials=[3, 4, 5])]
    plan.workers[0].stacks[:] = [0, 1]
    folder = folder_of(tmp_path, plan)
    ids = [plan.trials[index].id for index in (3, 4, 5)]
    write(folder.predictions_file(1), Predictions(logits_of(1)[:3], LABELS[::-1], ids))

    assert "few: no ensembles: its stacks were tested on different data" in found(folder, ended(plan)).notes


def test_a_search_combines_what_it_picked(tmp_path):
    """Members are the trials of each variant's best candidate; a search that was touched by hand says so."""
    plan = make_plan({"few": [{"train.optimizer.lr": 0.1}, {"train.optimizer.lr": 1.0}]}, 6)
    folder = folder_of(tmp_path, plan)

    def better_second(trial):
        return final(trial) | {"test_accuracy": 0.5 + 0.1 * trial.candidate}

    def with_hands(events):
        return [*events[:5], control_event("set_lr", 0, 1, trials=[0], lr=0.5), *events[5:]]

    alone, touched = (found(folder, ended(plan, change, final=better_second)).groups for change in (None, with_hands))

    assert (alone[0].name, alone[0].search) == ("few, lr = 1.0", "")
    assert touched[0].search == "trials that the search of 'few' chooses from were changed or dropped by hand"


def test_they_are_made_once(folder, monkeypatch):
    """Whoever looks every second has the same arrays again, until the file is another."""
    monkeypatch.setattr("dlbench.analysis.ensembles.members.predictions.read", lambda *a: calls.append(a) or read(*a))
    calls: list[tuple] = []
    for _ in range(3):
        found(folder, ended())
    assert len(calls) == 2
    folder.predictions_file(0).write_bytes(folder.predictions_file(0).read_bytes())
    found(folder, ended())

    assert len(calls) == 3


def test_nobody_asked(folder):
    """Without `[ensemble]`, or without a folder to read, there is nothing: the report has no word of it."""
    assert report(ended(), Questions(compare=COMPARE, ensemble=ASKED)).ensembles is None
    assert as_data(reported(folder, ended(), None))["ensembles"] is None


def test_the_summary_has_every_number(folder):
    """As plain data: a row for each size and variant with seeds, subsets, means and intervals; it survives JSON unchanged."""
    this = reported(folder, ended())
    data = as_data(this)["ensembles"]
    made = this.ensembles.groups[1].find(3, "probability")
    row = data["rows"][4]

    assert orjson.loads(orjson.dumps(data)) == data
    assert (row["variant"], row["members"], row["combine"], row["subsets"]) == ("many", 3, "probability", 20)
    for name in QUANTITIES:
        one = made.estimate(name)
        assert row[name] == {
            "mean": one.mean,
            "lowest": one.lowest,
            "highest": one.highest,
            "interval": [one.interval.low, one.interval.high],
        }
