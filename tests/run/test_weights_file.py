"""The file of weights: whole, plain, and refused where it is not what it should be."""

from __future__ import annotations

import re

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from dlbench.errors import DamagedFileError, DlbenchError
from dlbench.run.weights import ABOUT, KeptStack, read, write

TENSORS = {"dense1.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "norm1.mean": np.float32([0.5])}
OTHERS = {name: array + 1 for name, array in TENSORS.items()}
FACTS = {"shape": [2], "class_names": ["né", "b/c"]}
KEPT = KeptStack({"a1": TENSORS, "b2": OTHERS}, {"a1": 7, "b2": 9}, {"mean": np.array([[1e-300]])}, FACTS)


@pytest.fixture
def file(tmp_path):
    """A file in a folder that is not there yet."""
    path = tmp_path / "weights" / "stack-0.safetensors"
    assert write(path, KEPT) == path.stat().st_size
    return path


def test_what_was_written_is_read(file):
    """Tensors, steps, what all share and facts come back as they were, in their types, of the trials that are asked for."""
    found = read(file, {"b2", "c3"})

    assert list(found) == ["b2"]
    own = found["b2"]
    assert {name: (array.dtype, array.tolist()) for name, array in own.tensors.items()} == {
        name: (array.dtype, array.tolist()) for name, array in OTHERS.items()
    }
    assert (own.step, own.facts, own.data["mean"].tolist()) == (9, FACTS, [[1e-300]])


def test_the_same_weights_make_the_same_bytes(file):
    """A worker that takes up a killed one's stack leaves the same file; no half-written one stays beside it."""
    before = file.read_bytes()
    write(file, KEPT)

    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_any_reader_of_safetensors_reads_it(file):
    """The library's own reader finds every tensor by its name."""
    assert set(load_file(file)) == {f"trial/{trial}/{name}" for trial in ("a1", "b2") for name in TENSORS} | {
        "data/mean"
    }


def test_every_changed_bit_is_found(file):
    """Wherever a byte is changed, the file is refused, or gives what was written: no wrong number is ever read."""
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            found = read(file, {"a1"})["a1"]
        except DamagedFileError:
            continue
        assert {name: array.tolist() for name, array in found.tensors.items()} == {
            name: array.tolist() for name, array in TENSORS.items()
        }, place
        assert (found.step, found.facts) == (7, FACTS)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "no weights are there"),
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "damaged, no weights"),
        (lambda path: path.write_bytes(b""), "damaged, no weights"),
        (lambda path: path.write_text("no tensors"), "damaged, no weights"),
        (lambda path: path.write_bytes(save(TENSORS)), "damaged, no weights"),
        (lambda path: path.write_bytes(save(TENSORS, {ABOUT: "xyz {}"})), "damaged, no weights"),
        (lambda path: path.write_bytes(save(TENSORS, {ABOUT: "9a8f3bf2 {}"})), "damaged, no weights"),
    ],
    ids=["missing", "torn", "empty", "text", "of others", "no checksum", "nothing said"],
)
def test_anything_else_is_one_clear_error(file, spoil, words):
    """What is missing, torn, or of others is told with the file's name, and never a traceback."""
    spoil(file)

    with pytest.raises(DlbenchError, match=re.escape(str(file)) + ".*" + words):
        read(file, {"a1"})
