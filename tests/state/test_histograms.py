from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_run import make_plan, probe_event, stack_event, state_of

from dlbench.state.histograms import Histogram, Histograms

PLAN = make_plan(["sigmoid"], seeds=3)


def record(step, session=0):
    """A record that tells its step and session."""
    return Histogram(step, session, np.full((1, 1, 2), step), np.full((1, 1), session))


@given(st.integers(2, 9), st.integers(0, 200))
def test_the_newest_and_every_so_many_th_before_it_are_kept(most, count):
    """At most so many records, the first and the newest among them, the others a power of two apart."""
    kept = Histograms(most)
    for index in range(count):
        kept.record(record(10 * index))
        assert kept.at().step == 10 * index
    assert len(kept.steps) <= most
    assert kept.steps == sorted(kept.steps)
    if count:
        assert kept.steps[0] == 0
    apart = set(np.diff(kept.steps[:-1]) // 10)
    assert len(apart) <= 1
    assert all(gap & (gap - 1) == 0 for gap in apart)
    if count >= most:
        assert len(kept.steps) > most // 2


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=60), st.integers(0, 40), st.integers(0, 4))
def test_without_a_bound_it_is_a_sorted_dictionary(items, after, session):
    """In whatever order records come, the newest session's last of a step is kept; what is void is forgotten."""
    kept, oracle = Histograms(1000), {}
    for step, own in items:
        kept.record(record(step, own))
        oracle[step] = max(own, oracle.get(step, 0))
    assert [(one.step, one.session) for one in kept.records] == sorted(oracle.items())
    kept.drop_after(after, session)
    left = {step: own for step, own in oracle.items() if step <= after or own >= session}
    assert [(one.step, one.session) for one in kept.records] == sorted(left.items())
    for step in range(42):
        before = [known for known in left if known <= step]
        assert (kept.at(step) and kept.at(step).step) == max(before, default=None)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3), st.booleans()), max_size=80), st.integers(2, 6))
def test_the_bound_holds_whatever_happens(items, most):
    """Resumed sessions, repeated steps and any order: never more than the bound, always ascending."""
    kept = Histograms(most)
    for step, session, drops in items:
        if drops:
            kept.drop_after(step, session)
        else:
            kept.record(record(step, session))
        assert len(kept.steps) <= most
        assert kept.steps == sorted(set(kept.steps))


def probes(steps, **fields):
    """A stack and its probes at some steps."""
    counts = np.arange(3 * 3 * 4).reshape(3, 3, 4)
    return [stack_event(0)] + [
        probe_event(0, step, [[1, None, 4]] * 3, gradient_histogram=(counts + step).tolist(), **fields)
        for step in steps
    ]


def test_a_trial_looks_up_its_own():
    """By step the last one at or before it, with its zeros; without a step the newest."""
    state = state_of(PLAN, probes([0, 10, 20], gradient_zeros=[[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    found = state.trials[1].histogram(19)
    assert found.step == 10
    np.testing.assert_array_equal(found.counts, 10 + np.arange(12, 24).reshape(3, 4))
    assert found.zeros.tolist() == [4, 5, 6]
    assert found.counts.dtype == np.uint8
    assert state.trials[0].histogram().step == 20
    assert state.trials[0].histogram(-1) is None


def test_a_report_keeps_none():
    """With a bound of 0 nothing is kept, and the other measures are all there."""
    state = state_of(PLAN, probes([0, 10, 20]), histograms=0)
    assert state.trials[0].histogram() is None
    assert state.trials[0].probe_steps == [0, 10, 20]


@pytest.mark.parametrize("hostile", [None, 3, "x", [[1]], [[[1]]], [[[-1]] * 3] * 3, [[[0.5]] * 3] * 3])
def test_what_is_no_histogram_is_left_out(hostile):
    """A probe whose histogram is damaged keeps its measures."""
    event = probe_event(0, 5, [[1, None, 4]] * 3, gradient_histogram=hostile)
    state = state_of(PLAN, [stack_event(0), event])
    assert state.trials[0].histogram() is None
    assert state.trials[0].probe_steps == [5]
