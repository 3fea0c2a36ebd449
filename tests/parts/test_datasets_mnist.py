"""MNIST: byte for byte what was published, sought where it may lie, and nothing else taken for it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from dlbench.errors import SetupError
from dlbench.parts.datasets import describe, load_data

DATA = Path(os.environ.get("DLBENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))
OFFICIAL = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


@pytest.mark.parametrize(("part", "name"), [("train", "train"), ("t10k", "test")])
def test_mnist_is_the_official_bytes_over_255(part, name):
    """From files with the official checksums, pixel and label of sample i are the bytes at 16 + 784 i and 8 + i."""
    raw = DATA / "MNIST" / "raw"
    if not raw.is_dir():
        pytest.skip(f"no MNIST/raw in {DATA}")
    images, labels = ((raw / f"{part}-{what}-ubyte").read_bytes() for what in ("images-idx3", "labels-idx1"))
    assert OFFICIAL[f"{part}-images-idx3-ubyte"] == hashlib.md5(images).hexdigest()
    assert OFFICIAL[f"{part}-labels-idx1-ubyte"] == hashlib.md5(labels).hexdigest()

    arrays = load_data({"kind": "mnist", "folder": str(DATA)})
    x, y = getattr(arrays, f"x_{name}"), getattr(arrays, f"y_{name}")
    assert labels[8:] == y.astype(np.uint8).tobytes()
    assert images[16:] == np.rint(x * 255).astype(np.uint8).tobytes()
    for sample, row, column in ((0, 14, 14), (7, 10, 17), (9999, 20, 9)):
        assert x[sample, 0, row, column] == np.float32(images[16 + 784 * sample + 28 * row + column] / 255)


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    """A machine without any data: an empty current folder, an empty cache, no variable."""
    monkeypatch.delenv("DLBENCH_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dlbench.parts.datasets.folders.cache", lambda: tmp_path / "cache")
    return tmp_path


def fake_mnist(folder: Path) -> Path:
    """Four files with the sizes and headers of MNIST, but zeros inside (sparse, so that they cost no disk)."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", 60000), ("t10k", 10000)):
        for what, header in (("images-idx3", (2051, count, 28, 28)), ("labels-idx1", (2049, count))):
            with (raw / f"{part}-{what}-ubyte").open("wb") as file:
                file.write(b"".join(number.to_bytes(4, "big") for number in header))
                file.truncate(4 * len(header) + count * (784 if len(header) == 4 else 1))
    return raw


def test_missing_mnist_says_where_it_looked_and_what_to_do(no_data, monkeypatch):
    """The text names the file, every folder searched in order, and the three ways out; loading raises the same text."""
    monkeypatch.setenv("DLBENCH_DATA", str(no_data / "mine"))
    source = describe({"kind": "mnist", "folder": str(no_data / "given")})

    expected = (
        f"mnist is not on this machine: no MNIST/raw/train-images-idx3-ubyte in {no_data}/given, {no_data}/mine, "
        f"{no_data}/data, {no_data}/cache; run `dlbench data fetch mnist`, set DLBENCH_DATA to a folder that has it, or "
        f"use --quick"
    )
    assert expected == source.missing()
    with pytest.raises(SetupError) as caught:
        source.load()
    assert expected == str(caught.value)


@pytest.mark.parametrize("place", ["given", "mine", "data", "cache"])
def test_each_of_the_four_folders_is_searched(no_data, monkeypatch, place):
    """A complete MNIST in any of the folders is found."""
    monkeypatch.setenv("DLBENCH_DATA", str(no_data / "mine"))
    fake_mnist(no_data / place)

    assert describe({"kind": "mnist", "folder": str(no_data / "given")}).missing() is None


def test_a_truncated_file_is_one_clear_error(no_data):
    """A file of the wrong size is named with both sizes, by `missing` and by loading."""
    raw = fake_mnist(no_data / "data")
    with (raw / "t10k-images-idx3-ubyte").open("r+b") as file:
        file.truncate(1000)

    says = f"mnist is damaged: {raw}/t10k-images-idx3-ubyte has 1000 bytes instead of 7840016; run `dlbench data fetch mnist`"
    missing = describe({"kind": "mnist"}).missing()
    assert missing is not None
    assert missing.startswith(says)
    with pytest.raises(SetupError, match="has 1000 bytes instead of 7840016"):
        load_data({"kind": "mnist"})


def test_a_set_without_one_of_its_files_is_damaged(no_data):
    """Three of four files are told from none."""
    raw = fake_mnist(no_data / "data")
    (raw / "train-labels-idx1-ubyte").unlink()

    assert f"{raw}/train-labels-idx1-ubyte is missing, though other" in str(describe({"kind": "mnist"}).missing())


def test_files_of_the_right_size_with_other_contents_are_refused(no_data):
    """Labels that are not MNIST's, and images without their header, do not pass for MNIST."""
    raw = fake_mnist(no_data / "data")
    with pytest.raises(SetupError, match="does not hold this dataset's labels"):
        load_data({"kind": "mnist"})
    with (raw / "train-images-idx3-ubyte").open("r+b") as file:
        file.write(bytes(4))
    with pytest.raises(SetupError, match="is not an idx file of images"):
        load_data({"kind": "mnist"})
