"""The file of right answers: one bit each, plain, and refused where it is not what it should be."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dlbench.errors import DlbenchError
from dlbench.run.correct import Correct, read, write

IDS = ["a1", "b2", "c3"]


def answers(samples):
    """Three trials' answers, of which the last is not known."""
    right = np.random.default_rng(samples).random((3, samples)) < 0.7
    return Correct(right, np.array([True, True, False]), IDS)


@pytest.mark.parametrize("samples", [1, 7, 8, 9, 10_000])
def test_what_was_written_is_read(tmp_path, samples):
    """Every bit comes back, whether or not their number fills whole bytes; of an unknown trial none is kept."""
    kept, path = answers(samples), tmp_path / "correct" / "stack-0.npz"
    assert write(path, kept) == path.stat().st_size < 3 * samples / 8 + 2_000
    found = read(path, IDS)

    assert (found.right[:2] == kept.right[:2]).all()
    assert not found.right[2].any()
    assert (found.known.tolist(), found.trials) == ([True, True, False], IDS)


def test_the_same_answers_make_the_same_bytes(tmp_path):
    """A worker that takes up a killed one's stack leaves the same file, without pickle."""
    path = tmp_path / "correct" / "stack-0.npz"
    write(path, answers(20))
    before = path.read_bytes()
    write(path, answers(20))

    assert path.read_bytes() == before
    with np.load(path, allow_pickle=False) as arrays:
        assert {name: arrays[name].dtype.kind for name in arrays} == {
            "bits": "u",
            "samples": "i",
            "known": "b",
            "trials": "U",
        }


WHOLE = {
    "bits": np.zeros((3, 3), np.uint8),
    "samples": np.array(20),
    "known": np.ones(3, bool),
    "trials": np.array(IDS),
}


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        ({"trials": np.array(["a1", "b2", "x9"])}, "holds the right answers of other trials"),
        ({"samples": np.array(25)}, "its bits do not match"),
        ({"samples": np.array(-1)}, "its bits do not match"),
        ({"samples": np.array(20.0)}, "its bits do not match"),
        ({"bits": np.zeros((2, 3), np.uint8)}, "its bits do not match"),
        ({"bits": np.zeros((3, 3))}, "its bits do not match"),
        ({"known": np.ones(2, bool)}, "its bits do not match"),
        ({"known": np.array([{}])}, "damaged, no right answers"),
    ],
    ids=["others", "short", "negative", "fraction", "rows", "floats", "known", "pickle"],
)
def test_anything_else_is_one_clear_error(tmp_path, spoiled, words):
    """What is of other trials or shapes is told with the file's name, and never a traceback."""
    path = tmp_path / "stack-0.npz"
    np.savez(path, **(WHOLE | spoiled))

    with pytest.raises(DlbenchError, match=re.escape(str(path)) + ".*" + words):
        read(path, IDS)
