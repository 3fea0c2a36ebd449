from __future__ import annotations

import math
import random

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_run import LAYERS, finished, make_plan, metrics_event, probe_event, stack_event, state_of

from dlbench.analysis.claims import judge
from dlbench.analysis.comparison import build_table
from dlbench.analysis.summary import report
from dlbench.export.json_data import as_data
from dlbench.measures.catalog import MEASURES
from dlbench.measures.names import ZEROS
from dlbench.metrics.names import BATCH_LOSS, CURVES
from dlbench.metrics.trial_view import Status
from dlbench.plan.questions import Claim, Compare, Questions
from dlbench.state.run_state import HANDLERS, RunState

PLAN = make_plan(["sigmoid", "relu"], seeds=3)
TRIAL_SERIES = (*CURVES, BATCH_LOSS)


def snapshot(state):
    """All that is known of every trial, comparable: NaN equals NaN."""
    return repr(
        [
            (
                trial.plan.id, trial.status, trial.error, trial.step, trial.diverged_at, trial.last_loss, trial.seconds,
                trial.steps, [trial.curve(name).tolist() for name in TRIAL_SERIES],
                trial.probe_steps, [np.asarray(trial.probe(name)).tolist() for name in (*MEASURES, ZEROS)], trial.pictures,
            )
            for trial in state.trials
        ]
    )  # fmt: skip


def loss_of(trial):
    """The numbers of a trial at its end."""
    return {"train_loss": 0.1 * trial.seed, "train_accuracy": 1.0, "test_loss": 0.2, "test_accuracy": 0.9}


def two_sessions():
    """A run that was killed at step 80 with a checkpoint at 50, and resumed; by (session, worker), in the order written."""
    rows = [{"train_loss": value, "train_accuracy": 1.0} for value in (0.1, 0.2, 0.3)]
    void = [{"train_loss": 9.0, "train_accuracy": 0.0}] * 3
    norms = [[1e-3, None, 1.0]] * 3
    first = [
        {"kind": "run", "session": 0, "worker": 0, "stacks": [0]},
        stack_event(0),
        metrics_event(0, 0, rows),
        probe_event(0, 10, norms),
        metrics_event(0, 50, rows),
        {"kind": "checkpoint", "stack": 0, "step": 50},
        {"kind": "diverged", "stack": 0, "step": 20, "trial": 2, "last_loss": 5.0},
        {"kind": "diverged", "stack": 0, "step": 70, "trial": 1, "last_loss": 7.0},
        probe_event(0, 60, [[9.0, None, 9.0]] * 3),
        metrics_event(0, 75, void),
        {"kind": "heartbeat", "stack": 0, "step": 80, "rate": 100.0},
        *(
            {
                "kind": "pictures",
                "stack": 0,
                "layer": "0 dense",
                "phase": "pretrain",
                "step": step,
                "file": f"pictures/a{step}.npz",
            }
            for step in (0, 900)
        ),
        *(
            {
                "kind": "pictures",
                "stack": 0,
                "layer": "0 dense",
                "phase": "train",
                "step": step,
                "file": f"pictures/b{step}.npz",
            }
            for step in (50, 70)
        ),
    ]
    other = [
        {"kind": "run", "session": 0, "worker": 1, "stacks": [1]},
        stack_event(1),
        metrics_event(1, 50, rows),
        {"kind": "end", "stack": 1, "step": 60, "status": "failed", "error": "out of memory"},
    ]
    second = [
        {"kind": "run", "session": 1, "worker": 0, "stacks": [0]},
        stack_event(0, 50),
        probe_event(0, 60, norms),
        metrics_event(0, 100, rows),
        {"kind": "end", "stack": 0, "step": 100, "status": "done", "error": None},
    ]
    return [
        [event | {"v": 1, "session": session, "worker": worker} for event in events]
        for session, worker, events in ((0, 0, first), (0, 1, other), (1, 0, second))
    ]


def joined(files):
    """The events of all files, one after the other."""
    return [event for file in files for event in file]


def test_a_finished_run():
    """Every trial is ok, at its last step, with the numbers that were written, its seconds its share of the stack's."""
    state = state_of(PLAN, finished(PLAN, loss_of))
    for trial in state.trials:
        assert (trial.status, trial.step) == (Status.OK, 100)
        assert trial.steps == [0, 50, 100]
        assert trial.curve("train_loss")[-1] == pytest.approx(0.1 * trial.plan.seed)
        assert math.isnan(trial.curve("validation_loss")[-1])
        assert trial.seconds == pytest.approx(1.0 / 3)
        np.testing.assert_array_equal(trial.gradient_norms(at_step=0), [1e-6, 1.0])
    assert state.progress == 1.0


@given(st.data())
def test_piecemeal_is_the_same_as_at_once(data):
    """Events applied in pieces, as a live display gets them, give the state of all at once."""
    events = joined(two_sessions())
    cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=8)))
    state = RunState(PLAN)
    for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        state.apply(events[start:end])
    assert snapshot(state) == snapshot(state_of(PLAN, events))
    assert state.version == len(events)


@given(st.randoms(use_true_random=False))
def test_files_may_be_read_in_any_order(rng: random.Random):
    """However the files of several workers and sessions interleave, the state is the same."""
    files = [list(file) for file in two_sessions()]
    mixed = []
    while any(files):
        file = rng.choice([file for file in files if file])
        mixed.append(file.pop(0))
    assert snapshot(state_of(PLAN, mixed)) == snapshot(state_of(PLAN, joined(two_sessions())))


def test_a_resumed_stack_voids_what_came_after_its_checkpoint():
    """Metrics, probes and divergences after the checkpoint are gone, those before it count."""
    state = state_of(PLAN, joined(two_sessions()))
    first, second, third = state.trials[:3]
    assert first.steps == [0, 50, 100]
    assert first.curve("train_loss").tolist() == [0.1, 0.1, 0.1]
    assert first.probe_steps == [10, 60]
    assert first.probe("gradient_norm")[-1].tolist()[0] == np.float32(1e-3)
    assert (second.status, second.diverged_at) == (Status.OK, None)
    assert (third.status, third.diverged_at, third.last_loss) == (Status.DIVERGED, 20, 5.0)
    assert [trial.status for trial in state.trials[3:]] == [Status.FAILED] * 3
    assert state.trials[3].error == "out of memory"


def test_a_resume_without_session_numbers_goes_by_the_order():
    """Events that tell no session belong to the latest, so that a plain list of events folds as well."""
    anonymous = joined([two_sessions()[0], two_sessions()[2]])
    events = [{key: value for key, value in event.items() if key not in {"session", "worker"}} for event in anonymous]
    state = state_of(PLAN, events)
    assert state.trials[0].steps == [0, 50, 100]
    assert state.trials[1].status is Status.OK


def test_status_follows_the_run():
    """Waiting, running, stopped, waiting for the next session, running again, ok."""
    state = RunState(PLAN)
    seen = []
    for event in (
        {"kind": "run", "session": 0, "worker": 0, "stacks": [0, 1]},
        stack_event(0),
        {"kind": "end", "stack": None, "step": 10, "status": "stopped", "error": None},
        {"kind": "run", "session": 1, "worker": 0, "stacks": [0, 1], "session_": 1},
        stack_event(0, 10) | {"session": 1},
        {"kind": "end", "stack": 0, "step": 100, "status": "done", "error": None, "session": 1},
    ):
        state.apply([event])
        seen.append(state.trials[0].status.value)
    assert seen == ["waiting", "running", "stopped", "waiting", "running", "ok"]


def test_a_worker_that_fails_takes_its_stacks_along():
    """A worker's own end marks what it had not finished; what was done stays done."""
    run = {"kind": "run", "session": 0, "worker": 0, "stacks": [0, 1]}
    done = {"kind": "end", "stack": 0, "step": 100, "status": "done", "error": None}
    failed = {"kind": "end", "stack": None, "step": 0, "status": "failed", "error": "no device"}
    state = state_of(PLAN, [run, stack_event(0), done, failed])
    assert [stack.status for stack in state.stacks] == [Status.OK, Status.FAILED]
    assert state.stacks[1].error == "no device"


def test_lost_workers_leave_their_stacks_crashed():
    """A killed worker says nothing; its stack has crashed where it came to, with its numbers, and others run on."""
    state = state_of(PLAN, [stack_event(0), metrics_event(0, 50, [{"train_loss": 0.5}] * 3), stack_event(1)])
    state.lost({0})
    assert [stack.status for stack in state.stacks] == [Status.CRASHED, Status.RUNNING]
    assert state.trials[0].curve("train_loss").tolist() == [0.5]
    state.lost()
    assert state.stacks[1].status is Status.CRASHED


def test_eta_comes_from_the_recent_rate():
    """Steps left divided by the last heartbeat's rate, only while it runs."""
    state = state_of(PLAN, [stack_event(0), {"kind": "heartbeat", "stack": 0, "step": 40, "rate": 30.0}])
    assert state.stacks[0].eta == pytest.approx(2.0)
    assert state.progress == pytest.approx(0.2)
    assert state.stacks[1].eta is None


def test_probes_keep_histograms_and_layers():
    """Histograms are kept per trial and layer; layers without a weight are not in the gradient ratio's norms."""
    histogram = np.arange(3 * 3 * 40).reshape(3, 3, 40).tolist()
    state = state_of(PLAN, [stack_event(0), probe_event(0, 5, [[1, None, 4]] * 3, gradient_histogram=histogram)])
    kept = state.trials[1].histogram()
    assert (kept.step, kept.counts.shape) == (5, (3, 40))
    assert kept.counts[2, 7] == histogram[1][2][7]
    assert [layer.name for layer in state.trials[0].layers] == [layer["name"] for layer in LAYERS]
    assert state.stacks[0].probe_cost == 0.02


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fields = (
    "stack", "step", "session", "worker", "trial", "stacks", "status", "error", "layers", "text", "rate", "cost", "id",
    "action", "trials", "lr", "layer", "when", "value", "paused", "memory", "device", "threads", "phase", "file",
)  # fmt: skip
plausible = (
    st.integers(-1, 4)
    | st.lists(st.floats() | st.none(), min_size=3, max_size=3)
    | st.sampled_from(
        [
            "done",
            "crashed",
            "x",
            "set_lr",
            "drop",
            "end_trial",
            "pause",
            "resume",
            "train",
            "pretrain",
            True,
            [0, 1],
            [0, 1, 2],
            0.5,
        ]
    )
    | st.just([[[1, 2]] * 3] * 3)
)
hostile = st.fixed_dictionaries(
    {"kind": st.sampled_from([*HANDLERS, "unheard-of"]) | junk},
    optional=dict.fromkeys(
        (*fields, *TRIAL_SERIES, *MEASURES, ZEROS, "gradient_histogram", "classes"), plausible | junk
    ),
)
COMPARE = Compare("solved", "sigmoid")
CLAIMS = [
    Claim("a", "theory", "relu", "test_loss", at_most=1.0),
    Claim("b", "theory", "relu", "first_last_gradient_ratio", at_most=1.0, every_seed=True, at_step=0),
    Claim("c", "theory", "relu", "train_loss", better_than="sigmoid"),
]


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(joined(two_sessions())) | hostile | junk, max_size=25), st.randoms(use_true_random=False)
)
def test_no_event_whatever_breaks_the_fold(events, rng):
    """Any mixture of events, nonsense and wrong types, in any order, leaves a state that can be tabled and judged."""
    rng.shuffle(events)
    state = state_of(PLAN, events)
    table = build_table(state, PLAN, COMPARE)
    assert [row.variant for row in table.rows] == ["sigmoid", "relu"]
    assert len(judge(state, CLAIMS, COMPARE)) == len(CLAIMS)
    assert 0.0 <= state.progress <= 1.0
    data = as_data(report(state, Questions(compare=COMPARE, claims=CLAIMS)))
    assert orjson.loads(orjson.dumps(data)) == data
    for stack in state.stacks:
        assert stack.paused in {True, False}
        assert stack.memory is None or stack.memory >= 0
        assert stack.worker is None or stack.index in stack.worker.stacks
        assert set(stack.dropped) <= set(range(len(stack.plan.trials)))
    for trial in state.trials:
        assert (trial.status is Status.DROPPED) == (trial.dropped_at is not None)
        assert trial.diverged_at is None or trial.dropped_at is None
        assert len(trial.curve("train_loss")) == len(trial.steps)
        kept = trial.histogram()
        assert kept is None or kept.counts.shape[:1] == kept.zeros.shape


def test_unknown_kinds_change_nothing():
    """A reader of today passes over the kinds of tomorrow."""
    state = RunState(PLAN)
    state.apply([{"v": 1, "kind": "telepathy", "stack": 0}, {"v": 1}, 7, None])
    assert state.version == 0


@pytest.mark.parametrize("form", [list, np.asarray], ids=["list", "array"])
def test_metrics_are_kept_by_whatever_name(form):
    """A task's own metrics are kept as they are called, from lists and from the arrays that wide stacks are told in."""
    state = RunState(PLAN)
    trials = len(state.stacks[0].plan.trials)
    told = {
        "train_loss": form([0.5] * trials),
        "test_rmse": form([2.0] * trials),
        "test_of_my_own": form([7.0] * trials),
    }
    state.apply(
        [{"kind": "stack", "stack": 0, "step": 0}, {"kind": "metrics", "stack": 0, "step": 0, "epoch": 0, **told}]
    )

    trial = next(one for one in state.trials if one.stack is state.stacks[0])
    assert [trial.curve(name).tolist() for name in told] == [[0.5], [2.0], [7.0]]
    assert "kind" not in trial.stack.metrics.fields
