"""Reduced histories, against a reduction of the whole history in one go."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.state.timeline import Timeline
from dlbench.tui.model.buckets import BucketCache, Buckets, LogBuckets

values = st.one_of(st.floats(-1e6, 1e6), st.just(float("nan")))
rows = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 2), st.tuples(values, values)), max_size=12)
batches = st.lists(st.one_of(rows, st.tuples(st.integers(0, 300), st.integers(0, 3))), max_size=8)


def reduced(timeline, stride, count):
    """Every bucket's facts from all of its records, one after the other."""
    series = timeline.series("x")
    facts = []
    for place in range(count):
        inside = [i for i, step in enumerate(timeline.steps) if step // stride == place]
        columns = [[series[i, j] for i in inside if not np.isnan(series[i, j])] for j in range(2)]
        facts.append(
            (
                max((timeline.steps[i] for i in inside), default=-1),
                len(inside),
                [min(own, default=np.nan) for own in columns],
                [max(own, default=np.nan) for own in columns],
                [own[-1] if own else np.nan for own in columns],
                [len(own) for own in columns],
                [sum(own) / len(own) if own else np.nan for own in columns],
            )
        )
    return [np.array(column) for column in zip(*facts, strict=True)]


@given(batches, st.integers(2, 9), st.integers(0, 400))
def test_buckets_are_what_the_whole_history_reduces_to(changes, capacity, until):
    """After any appends, late records, replaced ones and forgotten ones, updated each time: as reduced in one go."""
    timeline = Timeline()
    buckets = Buckets(timeline, "x", capacity)
    for change in changes:
        if isinstance(change, tuple):
            timeline.drop_after(*change)
        else:
            for step, session, pair in change:
                timeline.record(step, session, {"x": np.array(pair)})
        buckets.update(until)
    if not len(timeline):
        assert len(buckets.starts) == 0
        return
    reached = max(timeline.steps[-1], until)
    count = timeline.steps[-1] // buckets.stride + 1
    steps, records, low, high, last, numbers, mean = reduced(timeline, buckets.stride, count)
    assert buckets.stride * (capacity + capacity % 2) > reached
    assert buckets.stride == 1 or buckets.stride // 2 * (capacity + capacity % 2) <= reached
    np.testing.assert_array_equal(buckets.starts, np.arange(count) * buckets.stride)
    np.testing.assert_array_equal(buckets.steps, steps)
    np.testing.assert_array_equal(buckets.records, records)
    np.testing.assert_array_equal(buckets.low, low)
    np.testing.assert_array_equal(buckets.high, high)
    np.testing.assert_array_equal(buckets.last, last)
    np.testing.assert_array_equal(buckets.numbers, numbers)
    np.testing.assert_allclose(buckets.mean, mean, atol=1e-9)


@given(st.integers(0, 2**45), st.integers(0, 1000))
def test_logarithmic_buckets_halve_the_resolution_with_every_doubling(step, count):
    """Every step has one bucket; the first steps one each, later ones a thirty-second of a doubling at most."""
    buckets = LogBuckets(Timeline(), "x")
    (place,) = buckets.places(np.array([step])).tolist()
    begin, end = buckets.edges(place + 1)[-2:].tolist() if place < 2000 else (step, step + 1)
    assert begin <= step < end
    assert end - begin == 1 or (end - begin) * 32 <= begin
    edges = buckets.edges(count)
    np.testing.assert_array_equal(buckets.places(edges), np.arange(count + 1))
    np.testing.assert_array_equal(buckets.places(edges[1:] - 1), np.arange(count))


@given(batches, st.integers(0, 400))
def test_logarithmic_buckets_are_what_the_whole_history_reduces_to(changes, until):
    """As with even buckets, after any changes: each bucket's facts are those of all records between its edges."""
    timeline = Timeline()
    buckets = LogBuckets(timeline, "x", 2)
    for change in changes:
        if isinstance(change, tuple):
            timeline.drop_after(*change)
        else:
            for step, session, pair in change:
                timeline.record(step, session, {"x": np.array(pair)})
        buckets.update(until)
    if not len(timeline):
        assert len(buckets.starts) == 0
        return
    edges = buckets.edges(len(buckets.starts))
    inside = np.searchsorted(edges, timeline.steps, side="right") - 1
    series = timeline.series("x")
    assert inside[-1] == len(buckets.starts) - 1
    np.testing.assert_array_equal(buckets.records, np.bincount(inside, minlength=len(buckets.starts)))
    for place in range(len(buckets.starts)):
        own = series[inside == place]
        np.testing.assert_array_equal(buckets.high[place], np.fmax.reduce(own, initial=np.nan))
        np.testing.assert_array_equal(buckets.low[place], np.fmin.reduce(own, initial=np.nan))
        np.testing.assert_array_equal(buckets.numbers[place], (~np.isnan(own)).sum(axis=0))


def test_a_cache_keeps_both_kinds_apart():
    """Even and logarithmic buckets of one field are two things."""
    timeline, cache = Timeline(), BucketCache(4)
    timeline.record(0, 0, {"a": np.array(1.0)})
    assert type(cache.of(timeline, "a")) is Buckets
    assert type(cache.of(timeline, "a", log_steps=True)) is LogBuckets
    assert cache.of(timeline, "a", log_steps=True) is cache.of(timeline, "a", log_steps=True)


def test_one_of_a_stack_is_picked():
    """With `pick` the buckets are those of one trial, whatever the others are."""
    timeline = Timeline()
    for step in range(10):
        timeline.record(step, 0, {"x": np.array([[step, 1.0], [-step, 2.0]])})
    buckets = Buckets(timeline, "x", 4, pick=1)
    buckets.update()
    assert buckets.high.tolist() == [[0, 2], [-4, 2], [-8, 2]]
    assert buckets.low.tolist() == [[-3, 2], [-7, 2], [-9, 2]]


def test_an_update_looks_at_new_records_alone():
    """What is known is not read again: an older value that changes without a word stays as it was read."""
    timeline = Timeline()
    timeline.record(0, 0, {"x": np.array(1.0)})
    buckets = Buckets(timeline, "x", 4)
    buckets.update()
    timeline.series("x")[0] = 5.0
    timeline.record(1, 0, {"x": np.array(2.0)})
    buckets.update()
    assert buckets.high.tolist() == [1, 2]


def test_memory_does_not_grow_with_the_history():
    """A hundred times as many records need no more memory in the buckets."""
    timeline = Timeline()
    buckets = Buckets(timeline, "x", 64)
    tracemalloc.start()
    try:
        sizes = []
        for count in (1_000, 100_000):
            timeline.steps = list(range(count))
            timeline._fields["x"] = np.random.default_rng(0).random((count, 3))
            timeline._sessions = [0] * count
            before = tracemalloc.take_snapshot()
            buckets.update()
            after = tracemalloc.take_snapshot()
            sizes.append(sum(stat.size_diff for stat in after.compare_to(before, "filename") if "buckets" in str(stat)))
        assert sizes[1] < 20_000
    finally:
        tracemalloc.stop()
    assert len(buckets.starts) <= 64


def test_numbers_too_large_for_a_sum_are_no_reason_to_warn():
    """A mean of the largest floats is infinite, and drawn as such, without a warning on the screen."""
    timeline = Timeline()
    for step in range(8):
        timeline.record(step, 0, {"x": np.array(1.7e308)})
    buckets = Buckets(timeline, "x", 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        buckets.update()
        assert np.isinf(buckets.mean).any()


@pytest.mark.parametrize("most", [1, 3])
def test_a_cache_keeps_what_was_used_last(most):
    """The same buckets come back while they are among the last used, new ones else; `clear` forgets all."""
    timeline, cache = Timeline(), BucketCache(most)
    timeline.record(0, 0, {name: np.array(1.0) for name in "abcd"})
    first = cache.of(timeline, "a")
    assert cache.of(timeline, "a") is first
    for name in "bcd"[:most]:
        cache.of(timeline, name)
    assert cache.of(timeline, "a") is not first
    kept = cache.of(timeline, "a")
    cache.clear()
    assert cache.of(timeline, "a") is not kept
