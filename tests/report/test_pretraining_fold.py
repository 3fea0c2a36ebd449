"""Pre-training in the fold: measures by layer and step, and what a later session voids."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from synthetic_run import make_plan, stack_event, state_of

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
