"""CIFAR-10: no file can make us call anything, and nothing else is taken for it."""

from __future__ import annotations

import pickle
import warnings

import cifar_files
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbench.errors import SetupError
from dlbench.parts.datasets import cifar, describe, load_data
from dlbench.parts.datasets.cifar import HOME


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder of a CIFAR-10 in miniature."""
    return cifar_files.small(tmp_path, monkeypatch)


def loaded(home):
    """Its arrays."""
    return load_data({"kind": "cifar10", "folder": str(home.parent)})


@pytest.mark.parametrize("call", ["os.system", "builtins.eval", "numpy.load", "builtins.getattr", "_codecs.encode"])
def test_a_pickle_that_calls_something_is_refused_before_it_does(home, call):
    """A batch that names anything but numpy's array, its type and how they are made is an error that says what it names."""
    module, name = call.split(".")
    mine = cifar_files.named(module, name) + cifar_files.text(b"echo") + pickle.TUPLE1 + pickle.REDUCE
    content = cifar_files.entry(data=mine).ljust((home / "data_batch_3").stat().st_size, b"\0")
    (home / "data_batch_3").write_bytes(content)

    with pytest.raises(SetupError) as caught:
        loaded(home)
    assert str(caught.value) == (
        f"{home}/data_batch_3 is not a batch of CIFAR-10 (it names {call}); delete it and fetch the dataset again"
    )


@settings(max_examples=25)
@given(st.data())
def test_a_damaged_batch_never_raises_anything_else(home, data):
    """With bytes of a batch changed, loading gives arrays of the same shapes or a `SetupError` that names the dataset."""
    file = home / "test_batch"
    good = file.read_bytes()
    content = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        # The pickle's own words are in its first and last bytes, pixels in between.
        place = data.draw(st.integers(0, 400) | st.integers(len(good) - 40, len(good) - 1))
        content[place] = data.draw(st.integers(0, 255))
    file.write_bytes(content)
    refused = "CIFAR-10"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert loaded(home).x_test.shape == (30, 3, 32, 32)
    except SetupError as error:
        refused = str(error)
    finally:
        file.write_bytes(good)

    assert "CIFAR-10" in refused


@pytest.mark.parametrize(
    ("pixels", "labels", "says"),
    [
        (np.zeros((20, 3071), np.uint8), [0] * 20, r"is not a batch of CIFAR-10, but uint8 of \(20, 3071\); delete it"),
        (np.zeros((20, 3072), np.uint8), [0] * 19, r"is not a batch of CIFAR-10, but uint8 of \(20, 3072\)"),
        (np.zeros((20, 3072), np.uint8), [-1] * 20, r"is not a batch of CIFAR-10, but uint8 of \(20, 3072\)"),
        (np.zeros((20, 3072), np.uint8), [0] * 20, f"{HOME} does not hold CIFAR-10's labels; delete it"),
        (np.zeros((20, 3072), np.uint8), [10] * 20, f"{HOME} does not hold CIFAR-10's labels; delete it"),
        (np.zeros((21, 3072), np.uint8), [0] * 21, f"{HOME} does not hold CIFAR-10's labels; delete it"),
    ],
)
def test_a_batch_with_other_contents_is_refused(home, monkeypatch, pixels, labels, says):
    """Wrong shapes, labels that are none, and labels that are not as many of each class do not pass for CIFAR-10."""
    content = cifar_files.batch(pixels, labels)
    (home / "data_batch_2").write_bytes(content)
    monkeypatch.setitem(cifar.CIFAR10.files, f"{HOME}/data_batch_2", len(content))
    with pytest.raises(SetupError, match=says):
        loaded(home)


def test_missing_and_damaged_are_told_as_for_mnist(tmp_path, monkeypatch):
    """Where it is not, the text names the first file sought and the command; a file cut short is named with its sizes."""
    monkeypatch.setenv("DLBENCH_DATA", str(tmp_path))
    missing = str(describe({"kind": "cifar10"}).missing())
    assert missing.startswith(f"cifar10 is not on this machine: no {HOME}/data_batch_1 in {tmp_path}, ")
    assert "run `dlbench data fetch cifar10`" in missing

    home = cifar_files.small(tmp_path, monkeypatch)
    size = (home / "test_batch").stat().st_size
    with (home / "test_batch").open("r+b") as file:
        file.truncate(5)
    assert f"{home}/test_batch has 5 bytes instead of {size}" in str(describe({"kind": "cifar10"}).missing())
