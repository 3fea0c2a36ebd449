from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlbench.state.timeline import Timeline

records = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 3), st.dictionaries(st.sampled_from("abc"), st.floats(0, 1))),
    max_size=60,
)


@given(records)
def test_a_timeline_is_a_sorted_dictionary(items):
    """In whatever order records come: steps ascend, the newest session's last record of a step is kept, gaps read NaN."""
    timeline, oracle = Timeline(), {}
    for step, session, values in items:
        timeline.record(step, session, {name: np.array([value]) for name, value in values.items()})
        if session >= oracle.get(step, (0, {}))[0]:
            oracle[step] = (session, values)
    assert timeline.steps == sorted(oracle)
    for name in timeline.fields:
        expected = [[oracle[step][1].get(name, np.nan)] for step in sorted(oracle)]
        np.testing.assert_array_equal(timeline.series(name), np.array(expected).reshape(-1, 1))


@given(records, st.integers(0, 40), st.integers(0, 4))
def test_dropping_forgets_older_sessions_after_a_step(items, after, session):
    """What older sessions wrote after the step is gone, all else stays as it was."""
    timeline = Timeline()
    oracle = {}
    for step, own, _ in items:
        timeline.record(step, own, {"a": np.array(float(step))})
        oracle[step] = max(own, oracle.get(step, 0))
    timeline.drop_after(after, session)
    kept = sorted(step for step, own in oracle.items() if step <= after or own >= session)
    assert timeline.steps == kept
    if kept:
        np.testing.assert_array_equal(timeline.series("a"), kept)


def test_a_field_of_another_shape_is_left_out():
    """A record whose field has changed its shape keeps its other fields."""
    timeline = Timeline()
    timeline.record(0, 0, {"a": np.array([1.0, 2.0])})
    timeline.record(1, 0, {"a": np.array([3.0]), "b": np.array(4.0)})
    np.testing.assert_array_equal(timeline.series("a"), [[1, 2], [np.nan, np.nan]])
    np.testing.assert_array_equal(timeline.series("b"), [np.nan, 4])


def test_rewritten_counts_what_is_no_append():
    """Appends leave it; records put in between, replaced and forgotten raise it, and what changes nothing does not."""
    timeline, seen = Timeline(), []
    for step, session in ((0, 1), (10, 1), (10, 0), (10, 1), (5, 1), (20, 1)):
        timeline.record(step, session, {"a": np.array(1.0)})
        seen.append(timeline.rewritten)
    timeline.drop_after(20, 2)
    seen.append(timeline.rewritten)
    timeline.drop_after(5, 2)
    seen.append(timeline.rewritten)
    assert seen == [0, 0, 0, 1, 2, 2, 2, 3]


@given(records)
def test_unless_rewritten_what_was_there_stays(items):
    """A reader who knows the first records, and sees `rewritten` unchanged, knows them still."""
    timeline = Timeline()
    for step, session, _ in items:
        before, steps, count = timeline.series("a"), list(timeline.steps), timeline.rewritten
        known = None if before is None else before.copy()
        timeline.record(step, session, {"a": np.array(float(session))})
        if timeline.rewritten == count and known is not None:
            assert timeline.steps[: len(steps)] == steps
            np.testing.assert_array_equal(timeline.series("a")[: len(known)], known)
