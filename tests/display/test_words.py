"""The facts of a stack as text."""

import pytest

from dlbench.display.words import LABEL_WIDTH, doing, label, lost, pace, shortened, steps
from dlbench.plan import Plan, Stack, Trial
from dlbench.state.run_state import RunState
from dlbench.words.number_format import clock


def plan(variants, steps_=1000):
    """A plan with one stack of two seeds a variant."""
    trials = [Trial(f"{name}{seed}", name, {}, seed, 0) for name in variants for seed in (0, 1)]
    return Plan("recipe", [], trials, [Stack(list(range(len(trials))), steps_, 7, 1.0)], [])


def state_after(*events, variants=("a", "b")):
    """The state after some events of session 0."""
    state = RunState(plan(variants))
    state.apply({"v": 1, "session": 0, "worker": 0, **event} for event in events)
    return state


BEGUN = {"kind": "stack", "stack": 0, "step": 0, "layers": []}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (750, "12:30"), (3723, "1:02:03"), (360_000, "100:00:00")],
)
def test_clock(seconds, text):
    """Durations read as on a clock, rounded to seconds."""
    assert text == clock(seconds)


def test_label_names_variants_once():
    """A stack is named by its variants and counts its trials."""
    made = plan(["sigmoid", "relu"])

    assert label(made, made.stacks[0]) == "sigmoid / relu (4 trials)"


def test_label_of_one_trial():
    """One trial is one trial."""
    made = plan(["a"])

    assert label(made, Stack([0], 10, 7, 1.0)) == "a (1 trial)"


def test_shortened_counts_what_it_hides():
    """Names that do not fit are counted, never lost."""
    names = [f"variant-{index}" for index in range(9)]

    text = shortened(names)

    assert text.endswith(" more")
    shown, hidden = text.removesuffix(" more").split(" + ")
    assert len(shown.split(" / ")) + int(hidden) == 9
    assert len(shown) <= LABEL_WIDTH


def test_pace_of_a_running_stack():
    """A running stack tells its speed and the time left at that speed."""
    stack = state_after(BEGUN, {"kind": "heartbeat", "stack": 0, "step": 400, "rate": 60.0}).stacks[0]

    assert steps(stack) == "400/1,000"
    assert pace(stack) == "60 steps/s, 0:10 left"


def test_pace_of_a_slow_stack():
    """A step that takes seconds is not 0 steps a second."""
    stack = state_after(BEGUN, {"kind": "heartbeat", "stack": 0, "step": 999, "rate": 0.25}).stacks[0]

    assert pace(stack) == "0.25 steps/s, 0:04 left"


def test_pace_before_the_first_heartbeat():
    """Without a rate only the status is told."""
    assert pace(state_after(BEGUN).stacks[0]) == "running"


@pytest.mark.parametrize(("status", "text"), [("done", "done"), ("stopped", "stopped"), ("failed", "failed")])
def test_pace_of_an_ended_stack(status, text):
    """An ended stack tells how it ended, whatever its last speed was."""
    heard = {"kind": "heartbeat", "stack": 0, "step": 400, "rate": 60.0}
    ended = {"kind": "end", "stack": 0, "step": 400, "status": status, "error": None}

    assert pace(state_after(BEGUN, heard, ended).stacks[0]) == text


def test_diverged_counts_trials():
    """Diverged trials are counted, each once."""
    marks = [{"kind": "diverged", "stack": 0, "step": 5, "trial": trial, "last_loss": 9.0} for trial in (1, 3, 3)]

    assert lost(state_after(BEGUN).stacks[0]) == ""
    assert lost(state_after(BEGUN, *marks).stacks[0]) == "2 diverged"


def test_dropped_trials_are_counted_too():
    """What ended early by itself and by hand stand side by side."""
    mark = {"kind": "diverged", "stack": 0, "step": 5, "trial": 1, "last_loss": 9.0}
    drop = {
        "kind": "control",
        "id": "c",
        "action": "end_trial",
        "stack": 0,
        "step": 8,
        "error": None,
        "trials": [0, 1, 2],
    }

    assert lost(state_after(BEGUN, mark, drop).stacks[0]) == "1 diverged, 2 dropped"


def test_pace_of_a_paused_stack():
    """A stack that waits has no speed to promise anything by."""
    heard = {"kind": "heartbeat", "stack": 0, "step": 400, "rate": 60.0, "paused": True}

    assert pace(state_after(BEGUN, heard).stacks[0]) == "paused"


def test_what_a_stack_is_at():
    """While it is pre-trained it says which layer, of how many, and how far; then its steps."""
    event = {"kind": "pretrain", "stack": 0, "layer": "dense2", "place": 2, "layers": 3, "step": 1200, "steps": 6000}
    (stack,) = state_after(BEGUN, event).stacks

    assert doing(stack) == "pre-training dense2 (2 of 3) 1,200/6,000"
    assert doing(state_after(BEGUN).stacks[0]) == "step 0/1,000"
