"""Metrics of several trials together against those of one trial after the other: the same numbers to the last bit."""

import numpy as np
import pytest
from synthetic_run import STEPS, control_event, make_plan, metrics_event, probe_event, stack_event, state_of

from dlbench.metrics.catalog import METRICS
from dlbench.metrics.overfitting_onset import onset_of, onsets_of
from dlbench.plan.questions import Solved
from dlbench.state.trial_columns import TrialColumns, by_stack, statuses_of

EVALUATED = range(0, STEPS + 1, 5)
TRIALS = 40
LAYERS = [
    {"name": "0 lstm", "kind": "lstm", "weight": [5, 5]},
    {"name": "t0", "kind": "time", "weight": None},
    {"name": "t1", "kind": "time", "weight": None},
    {"name": "output", "kind": "dense", "weight": [5, 1]},
]


def events(end="done"):
    """One stack of every fate: trials that diverge, stop early, are dropped, lack numbers; curves that fall and turn."""
    rng = np.random.default_rng(7)
    told = [stack_event(0, layers=LAYERS)]
    for step in EVALUATED:
        losses = np.exp(-step / rng.uniform(5, 60, TRIALS)) * rng.lognormal(0, 0.05, TRIALS)
        losses[::7] += (step / STEPS) ** 2
        rows = [
            {"train_loss": loss, "test_loss": 1.1 * loss, "train_accuracy": 1 - loss / 2, "test_accuracy": 1 - loss}
            for loss in losses.astype(np.float32).tolist()
        ]
        rows[3] = {}
        rows[11]["test_loss"] = None if step == 50 else rows[11]["test_loss"]
        told.append(metrics_event(0, step, rows, learning_rate=[0.1] * TRIALS, clipped_fraction=[0.5] * TRIALS))
        norms = np.exp(rng.normal(-3, 2, (TRIALS, len(LAYERS)))).astype(np.float32)
        norms[5] = 0
        told.append(probe_event(0, step, norms.tolist()))
    told += [
        {"kind": "diverged", "stack": 0, "step": 40, "trial": 1, "last_loss": 9e9},
        {"kind": "early_stop", "stack": 0, "step": 70, "best_step": 30, "trial": 7},
        {"kind": "early_stop", "stack": 0, "step": 90, "best_step": 55, "trial": 8},
        control_event("end_trial", 0, 62, trials=[2]),
    ]
    told.append({"kind": "end", "stack": 0, "step": STEPS, "status": end, "error": None} if end else {})
    return told


@pytest.mark.parametrize("end", ["done", "failed", None])
@pytest.mark.parametrize("at_step", [None, 0, 41, 62, STEPS, 2 * STEPS])
def test_trials_together_have_the_numbers_of_each_alone(end, at_step):
    """Every metric of the catalogue is told of forty trials at once as of one after the other, however they ended."""
    for solved in (None, Solved("test_loss", at_most=0.3)):
        state = state_of(make_plan(["only"], TRIALS), events(end), solved=solved)
        together = TrialColumns(state.trials)
        for metric in METRICS.values():
            alone = [metric.value(trial, at_step) for trial in state.trials]

            assert metric.values(together, at_step) == alone, metric.name


@pytest.mark.parametrize("end", ["done", "failed", None])
def test_trials_together_stand_where_each_does(end):
    """The statuses of trials of several stacks are those of one after the other, in their order."""
    state = state_of(make_plan(["first", "second"], TRIALS), events(end))

    assert statuses_of(reversed(state.trials)) == [trial.status for trial in reversed(state.trials)]
    assert len(set(statuses_of(state.trials))) > 3 - (end is None)


def test_every_fate_is_met():
    """The run of these tests has numbers of every metric that it can have, and trials without."""
    state = state_of(make_plan(["only"], TRIALS), events())
    found = {name: metric.values(TrialColumns(state.trials)) for name, metric in METRICS.items()}
    lacking = {name for name, values in found.items() if set(values) == {None}}

    assert "overfitting_step" in found.keys() - lacking
    assert "steps_to_solve" in found.keys() - lacking
    assert "time_gradient_ratio" in found.keys() - lacking
    assert all(None in found[name] for name in ("test_loss", "overfitting_step", "first_last_gradient_ratio"))
    assert {0.0, 1.0, None} == set(found["solved"])


def test_trials_without_any_event_have_no_numbers():
    """Of a stack of which nothing is told yet nothing is known together either."""
    state = state_of(make_plan(["only"], 3), [])

    for metric in METRICS.values():
        assert metric.values(TrialColumns(state.trials)) == [metric.value(trial) for trial in state.trials], metric.name


def test_trials_of_several_stacks_stay_in_their_order():
    """Trials are put together by stack, and come out as they went in."""
    state = state_of(make_plan(["a", "b"], 3), [])
    mixed = [state.trials[index] for index in (4, 0, 1, 5)]

    assert [[trial.index for trial in own.trials] for own in by_stack(mixed)] == [[4], [0, 1], [5]]


def test_curves_turn_together_as_each_alone():
    """Where each of many curves has turned is told at once as of one after the other; there are curves that have and have not."""
    rng, steps = np.random.default_rng(3), np.linspace(0, 3, 60)[:, np.newaxis]
    curves = np.exp(-steps) + rng.uniform(0, 0.2, 300) * steps**2 + 0.01 * rng.normal(size=(60, 300))
    alone = [onset_of(curves[:, place]) for place in range(300)]

    assert [-1 if turn is None else turn for turn in alone] == onsets_of(curves).tolist()
    assert None in alone
    assert len(set(alone)) > 3
