"""Pre-training in the fold: measures by layer and step, and what a later session voids."""

import random
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from synthetic_run import make_plan, metrics_event, stack_event, state_of

from dlbench.metrics.catalog import METRICS
from dlbench.metrics.names import PRETRAINED

PLAN = make_plan(["sigmoid"], seeds=3)


def told(step, error, *, session=0, layer="dense1", **measures):
    """An event with a reconstruction error that is the trials' own, and other measures."""
    event = {"kind": "pretrain", "stack": 0, "layer": layer, "step": step, "session": session, "epoch": step / 10}
    return event | {"seconds": step / 100, "reconstruction_error": [error, 2 * error, None]} | measures


def folded(*events):
    """Layer -> steps and errors of the second trial."""
    layers = state_of(PLAN, [stack_event(0, session=0), *events]).stacks[0].pretraining.layers
    return {name: (one.steps, one.series("reconstruction_error")[:, 1].tolist()) for name, one in layers.items()}


def test_measures_of_every_layer():
    """Each layer has its own steps; a measure that an event lacks, and `null`, is NaN; what is no measure is not there."""
    events = [told(0, 1.0), told(10, 0.5, pseudo_likelihood=[-1, -2, -3]), told(0, 0.25, layer="dense2")]
    events.append(told(20, 0.1, words="many", short=[1.0, 2.0], nested=[[1, 2, 3]]))
    state = state_of(PLAN, [stack_event(0), *events])
    first = state.stacks[0].pretraining.layers["dense1"]

    assert folded(*events) == {"dense1": ([0, 10, 20], [2.0, 1.0, 0.2]), "dense2": ([0], [0.5])}
    assert set(first.fields) == {"reconstruction_error", "pseudo_likelihood", "epoch", "seconds"}
    np.testing.assert_array_equal(first.series("pseudo_likelihood"), [[np.nan] * 3, [-1, -2, -3], [np.nan] * 3])
    assert state.stacks[0].step == 0


@given(st.randoms(use_true_random=False))
def test_a_later_session_voids_what_it_pretrains_again(rng: random.Random):
    """In whatever order the sessions' files are read: from the later one's first step of a layer on only its records count."""
    files = [
        [told(0, 1.0), told(10, 9.0), told(20, 9.0), told(5, 0.5, layer="dense2")],
        [stack_event(0, session=1), told(10, 0.3, session=1), told(20, 0.2, session=1)],
        [stack_event(0, session=2), told(20, 0.1, session=2)],
    ]
    mixed = []
    while any(files):
        file = rng.choice([file for file in files if file])
        mixed.append(file.pop(0))

    assert folded(*mixed) == {"dense1": ([0, 10, 20], [2.0, 0.6, 0.2]), "dense2": ([5], [1.0])}


def test_what_is_no_record():
    """An event without a layer or a step, or of a stack that is not there, is passed over."""
    assert folded(told(0, 1.0) | {"layer": None}, told(0, 1.0) | {"step": 0.5}, told(0, 1.0) | {"stack": 5}) == {}


def stacked(*events, before=3.0):
    """The stack after events, of whose cost `before` of 4 is pre-training."""
    plan = replace(PLAN, stacks=[replace(PLAN.stacks[0], cost=4.0, before=before)])
    return state_of(plan, [stack_event(0, session=0), *events]).stacks[0]


def at(step, place, *, session=0):
    """An event that says how far it is: of two layers of 20 steps."""
    return told(step, 0.1, session=session, layer=f"dense{place}", place=place, layers=2, steps=20)


def test_how_far_it_is():
    """While it pre-trains, a stack says in which layer and at which step, and its progress is weighed by cost."""
    begun, over = stacked(at(0, 1), at(5, 1)), stacked(at(20, 1), at(20, 2))
    trained = stacked(at(20, 2), metrics_event(0, 50, [{"train_loss": 1.0}] * 3))

    assert (begun.pretrains.layer, begun.pretrains.place, begun.pretrains.layers) == ("dense1", 1, 2)
    assert (begun.pretrains.step, begun.pretrains.steps) == (5, 20)
    assert begun.progress == 0.75 / 8
    assert (over.pretrains, over.progress) == (None, 0.75)
    assert (trained.pretrains, trained.progress) == (None, 0.75 + 0.25 / 2)
    assert stacked().pretrains is None


def test_a_resumed_session_says_where_it_is():
    """What the newest session told counts, though the one before was further."""
    found = stacked(at(15, 2), stack_event(0, session=1), at(3, 2, session=1))

    assert (found.pretrains.layer, found.pretrains.step) == ("dense2", 3)


def test_metrics_of_pre_training():
    """They are the first layer's last values, the same at every step; seconds are a trial's share of all layers'."""
    events = [told(0, 1.0), told(10, 0.5, pseudo_likelihood=[-1, None, -3]), told(10, 9.0, layer="dense2")]
    trials = state_of(PLAN, [stack_event(0), *events]).trials
    value = {name: [METRICS[name].value(trial) for trial in trials] for name in PRETRAINED if name in METRICS}

    assert value["reconstruction_error"] == [0.5, 1.0, None]
    assert value["pseudo_likelihood"] == [-1.0, None, -3.0]
    assert value["log_likelihood"] == [None] * 3
    assert METRICS["reconstruction_error"].value(trials[0], at_step=7) == 0.5
    assert METRICS["pretrain_seconds"].value(trials[0]) == 0.1 / 3
    assert METRICS["pretrain_seconds"].value(state_of(PLAN, []).trials[0]) is None
