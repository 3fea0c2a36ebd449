"""What the fold makes of trials that stopped early, while their stack went on or not."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_run import (
    STEPS,
    control_event,
    finished,
    make_plan,
    metrics_event,
    probe_event,
    stack_event,
    state_of,
)

from dlbench.analysis.claims import Outcome, judge
from dlbench.analysis.summary import report
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.trial_view import Status
from dlbench.plan.questions import Claim, Compare, Questions


def stop_event(step, best_step, trial=0, **fields):
    """A trial of the first stack has stopped early."""
    return {
        "v": 1, "kind": "early_stop", "stack": 0, "step": step, "trial": trial, "best_step": best_step,
    } | fields  # fmt: skip


def training(until, losses, *, session=0, start=0):
    """The events of one stack of two trials from a step on: evaluated and probed every ten steps."""
    events = [stack_event(0, start, session=session)]
    for step in range(start + 10 * (start > 0), until + 1, 10):
        rows = [{"test_loss": losses.get(step, 0.5), "train_loss": 0.1}, {"test_loss": 0.9, "train_loss": 0.1}]
        events.append(metrics_event(0, step, rows, session=session))
        events.append(probe_event(0, step, [[0.5, None, 2.0], [0.5, None, 1.0]], session=session))
    return events


PLAN = make_plan(["a"], 2)


def end(step):
    """The stack has ended."""
    return {"v": 1, "kind": "end", "stack": 0, "step": step, "status": "done", "error": None, "session": 0}


def test_a_stopped_trial_has_come_to_its_end():
    """It is ok with the numbers of its best while its stack still runs: step, best step, final numbers; the other one runs."""
    state = state_of(PLAN, [*training(60, {}), stop_event(60, 30)])
    stopped, other = state.trials

    assert (stopped.status, stopped.step, stopped.stopped_at, stopped.best_step) == (Status.OK, 60, 60, 30)
    assert (other.status, other.stopped_at, other.best_step) == (Status.RUNNING, None, None)
    assert METRICS["stopped_at"].value(stopped) == 60


def test_what_is_told_at_the_step_of_the_stop_counts():
    """Metrics, predictions, pictures and the checkpoint of the very step at which the last trial stopped are all kept."""
    told = {"v": 1, "stack": 0, "step": 60, "session": 0}
    file = {"layer": "dense1", "phase": "train", "file": "pictures/a.npz"}
    events = [*training(60, {}), stop_event(60, 30), stop_event(60, 40, 1)]
    events += [
        told | {"kind": "pictures"} | file,
        told | {"kind": "predictions", "bytes": 12},
        told | {"kind": "checkpoint"},
    ]
    state = state_of(PLAN, [*events, end(60)])
    (stack,) = state.stacks

    assert [len(trial.pictures) for trial in state.trials] == [1, 1]
    assert (stack.predictions, stack.checkpoint, stack.step) == ({0: 12}, 60, 60)
    assert [METRICS["test_loss"].value(trial) for trial in state.trials] == [0.5, 0.9]


def test_its_numbers_stand_at_every_later_step():
    """At a step that it did not train it has what it had when it stopped: alone in a stack that ended, and in company."""
    alone = state_of(PLAN, [*training(60, {}), stop_event(60, 30), stop_event(60, 50, trial=1), end(60)])
    company = state_of(PLAN, [*training(STEPS, {}), stop_event(60, 30), end(STEPS)])
    for state in (alone, company):
        assert METRICS["test_loss"].value(state.trials[0], STEPS) == 0.5
        claim = Claim("so", "theory", "a", "test_loss", at_most=1, at_step=STEPS, every_seed=True)
        assert judge(state, [claim], Compare())[0].outcome is Outcome.CONFIRMED
    assert alone.trials[0].step == company.trials[0].step == 60
    assert (alone.stacks[0].step, company.stacks[0].step) == (60, STEPS)
    assert alone.progress == 1.0


def test_its_probes_end_where_it_stopped():
    """What the stack measures of a held trial tells nothing: no probe, no ratio from then on."""
    events = [*training(60, {}), stop_event(60, 30)]
    events += [probe_event(0, step, [[9.0, None, 1.0], [0.5, None, 1.0]]) for step in (70, 80)]
    stopped, other = state_of(PLAN, events).trials

    assert METRICS["first_last_gradient_ratio"].value(stopped) == pytest.approx(0.25)
    assert np.isfinite(other.probe("gradient_norm")[-1, 0])
    assert np.isnan(stopped.probe("gradient_norm")[-3:]).all()


def test_a_later_session_voids_a_stop_after_its_checkpoint():
    """Resumed from before the stop, the trial trains again; a stop at the very step of the checkpoint is in it."""
    before = [*training(60, {}), stop_event(60, 30, session=0)]
    assert state_of(PLAN, [*before, stack_event(0, 50, session=1)]).trials[0].stopped_at is None
    assert state_of(PLAN, [*before, stack_event(0, 60, session=1)]).trials[0].stopped_at == 60

    again = [*before, *training(80, {}, session=1, start=50), stop_event(80, 40, session=1)]
    assert state_of(PLAN, again).trials[0].stopped_at == 80


def test_whoever_stopped_is_not_dropped():
    """A drop after the stop takes nothing away, one before it counts."""
    events = [*training(80, {}), stop_event(60, 30)]
    late = state_of(PLAN, [*events, control_event("end_trial", 0, 70, trials=[0])]).trials[0]
    early = state_of(PLAN, [*training(80, {}), control_event("end_trial", 0, 40, trials=[0])]).trials[0]

    assert (late.status, late.dropped_at) == (Status.OK, None)
    assert (early.status, early.dropped_at) == (Status.DROPPED, 40)


@pytest.mark.parametrize("broken", [{"trial": 9}, {"trial": None}, {"best_step": "x"}, {"stack": 7}, {"step": -1}])
def test_what_cannot_be_read_is_passed_over(broken):
    """A damaged event stops nobody."""
    state = state_of(PLAN, [*training(60, {}), stop_event(60, 30) | broken])
    assert [trial.stopped_at for trial in state.trials] == [None, None]


def test_the_table_says_where_they_stopped():
    """The mean step of stopping is a column where anyone stopped, and no column where nobody did; others did not wait in vain."""
    plan = make_plan(["a", "b"], 2)
    events = finished(plan, lambda trial: {"test_accuracy": 0.9 + trial.seed / 100})
    stopped = [*events[:-1], stop_event(40, 20), stop_event(60, 30, trial=1), events[-1]]
    table, plain = (
        report(state_of(plan, own), Questions(compare=Compare("test_accuracy"), claims=[])).table
        for own in (stopped, events)
    )

    first, second = (row.cells["stopped_at"] for row in table.rows)
    assert first.mean == 50
    assert (second.n, second.never) == (0, 0)
    assert "stopped_at" in [column.key for column in table.columns]
    assert "stopped_at" not in [column.key for column in plain.all_columns]
