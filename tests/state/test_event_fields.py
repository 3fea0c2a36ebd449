from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.run.event_arrays import MOST_IN_LINE
from dlbench.run.events import EventReader, EventWriter
from dlbench.run.folder import RunFolder
from dlbench.state.event_fields import count, number, numbers, positions, tallies

TOO_LARGE = 10**400


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_numbers_reads_arrays_and_refuses_what_is_none(kind):
    """`null` and infinity read NaN; a wrong shape, ragged rows, texts and numbers too large for a float are no array."""
    np.testing.assert_array_equal(numbers([1, None, float("inf")], (3,), kind), [1, np.nan, np.nan])
    np.testing.assert_array_equal(numbers([[1.5], [None]], (2, None), kind), [[1.5], [np.nan]])
    assert numbers(2, (), kind) == 2.0
    for hostile in ([1, 2], [[1], [2, 3]], ["a", "b", "c"], [TOO_LARGE, 1, 2], None, "123", {"a": 1}, [{}, 1, 2]):
        assert numbers(hostile, (3,), kind) is None


def test_what_single_precision_cannot_hold_is_missing():
    """A number beyond the largest float32 reads NaN, as infinity does, without a warning."""
    np.testing.assert_array_equal(numbers([[1e39, 1.0]], (1, 2), np.float32), [[np.nan, 1.0]])


def test_an_array_is_the_same_numbers_wherever_it_was_kept(tmp_path):
    """What stands in the line of a narrow stack and in the file beside the lines of a wide one reads as the same decimals."""
    losses = np.random.default_rng(0).normal(2.3, 1e-3, 10 * MOST_IN_LINE).astype(np.float32)
    losses[3] = np.nan
    RunFolder(tmp_path).events.mkdir()
    with EventWriter(RunFolder(tmp_path).events_file(0, 0)) as writer:
        writer.write("metrics", test_loss=losses)
        for part in np.split(losses, 10):
            writer.write("metrics", test_loss=part)
    wide, *narrow = [event["test_loss"] for event in EventReader(RunFolder(tmp_path)).poll()]
    assert isinstance(wide, np.ndarray)
    assert isinstance(narrow[0], list)
    found = numbers(wide, (len(losses),), np.float64)
    np.testing.assert_array_equal(found, np.concatenate([numbers(part, (None,), np.float64) for part in narrow]))
    assert float(found[0]) == float(str(losses[0]))


shapes = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))


@given(shapes, st.integers(0, 2**53), st.randoms(use_true_random=False))
def test_tallies_are_the_counts_in_the_smallest_type(shape, largest, rng):
    """Every count is kept exactly, from lists and from arrays, in as many bytes as the largest of them asks for."""
    values = np.array([rng.randint(0, largest) for _ in range(np.prod(shape))], np.int64).reshape(shape)
    top = int(values.max())
    for told, wanted in ((values.tolist(), shape), (values, shape), (values.tolist(), (shape[0], None, None))):
        found = tallies(told, wanted)
        np.testing.assert_array_equal(found, values)
        assert found.dtype.itemsize == (1 if top < 256 else 2 if top < 65536 else 4 if top < 2**32 else 8)


@pytest.mark.parametrize(
    "hostile",
    [
        None, 7, "abc", [], {}, [1], ["ab"], [[]], [[1, 2]], [["ab", "cd"]], [[{"a": 1}, {"b": 2}]], [[None, None]],
        [[[1, 2], [3]]], [[[1, 2]]], [[[1], [2]], [[1], [2]]], [[[1, -1], [0, 0]]], [[[1, 0.5], [0, 0]]],
        [[[1, None], [0, 0]]], [[[1, TOO_LARGE], [0, 0]]], [[[1, 2**54], [0, 0]]], np.ones((1, 2, 3)), np.ones((2, 2, 3), int), -np.ones((1, 2, 3), int), [[[[1], [2]], [[3], [4]]]],
    ],
)  # fmt: skip
def test_what_are_no_counts_is_nothing(hostile):
    """Ragged, negative, broken, missing and nested numbers, and those of another shape, are no histogram."""
    assert tallies(hostile, (1, 2, None)) is None


def test_single_fields():
    """Whole numbers from 0 on, finite numbers, and places within the stack; nothing else."""
    assert [count({"a": value}, "a") for value in (0, 7, -1, True, 1.0, "1", None, 2**54)] == [0, 7, *[None] * 6]
    assert [number(value) for value in (1, 0.5, float("nan"), float("inf"), "1", [1], None, TOO_LARGE)] == [1, 0.5] + [
        None
    ] * 6
    assert positions({"trials": [2, 0, 2, 3, -1, True, "1", None]}, "trials", 3) == (2, 0)
    assert positions({"trials": 1}, "trials", 3) == positions({}, "trials", 3) == ()
