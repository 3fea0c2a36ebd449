"""The file of predictions: whole, plain, and refused where it is not what it should be."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dlbench.errors import DlbenchError
from dlbench.run.predictions import Predictions, read, write

IDS = ["a1", "b2", "c3"]
KEPT = Predictions(np.arange(24, dtype=np.float32).reshape(3, 4, 2), np.array([0, 1, 1, 0]), IDS)


@pytest.fixture
def file(tmp_path):
    """A file in a folder that is not there yet."""
    path = tmp_path / "predictions" / "stack-0.npz"
    assert write(path, KEPT) == path.stat().st_size
    return path


def test_what_was_written_is_read(file):
    """Logits, labels and ids come back as they were, in their types."""
    found = read(file, IDS)

    assert (found.logits == KEPT.logits).all()
    assert (found.labels == KEPT.labels).all()
    assert (found.logits.dtype, found.labels.dtype, found.trials) == (np.float32, np.int64, IDS)


def test_the_same_predictions_make_the_same_bytes(file):
    """A worker that takes up a killed one's stack leaves the same file; no half-written one stays beside it."""
    before = file.read_bytes()
    write(file, KEPT)

    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["stack-0.npz"]


def test_it_holds_no_pickle(file):
    """numpy opens it with `allow_pickle=False`, and every array is of numbers or text."""
    with np.load(file, allow_pickle=False) as arrays:
        assert {name: arrays[name].dtype.kind for name in arrays} == {"logits": "f", "labels": "i", "trials": "U"}


def spoiled(path, **arrays):
    """The file with some arrays in place of others, or without those that are `None`."""
    whole = {"logits": KEPT.logits, "labels": KEPT.labels, "trials": np.array(IDS)} | arrays
    np.savez(path, **{name: array for name, array in whole.items() if array is not None})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "no predictions are there"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "damaged, no predictions"),
        (lambda path: path.write_bytes(b""), "damaged, no predictions"),
        (lambda path: path.write_text("no zip"), "damaged, no predictions"),
        (lambda path: spoiled(path, labels=None), "damaged, no predictions"),
        (lambda path: spoiled(path, labels=np.array([{}])), "damaged, no predictions"),
        (lambda path: spoiled(path, trials=np.array(["a1", "b2", "x9"])), "holds the predictions of other trials"),
        (lambda path: spoiled(path, labels=np.array([0, 1])), "its logits do not match"),
        (lambda path: spoiled(path, logits=KEPT.logits[..., 0]), "its logits do not match"),
        (lambda path: spoiled(path, logits=KEPT.logits.astype(str)), "its logits do not match"),
    ],
    ids=["missing", "torn", "empty", "text", "incomplete", "pickle", "others", "short", "flat", "words"],
)
def test_anything_else_is_one_clear_error(file, spoil, words):
    """What is missing, torn, pickled, or of other trials or shapes is told with the file's name, and never a traceback."""
    spoil(file)

    with pytest.raises(DlbenchError, match=re.escape(str(file)) + ".*" + words):
        read(file, IDS)
