"""Datasets that were packed on another machine are the same here, without their files."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from dlbench.errors import SetupError
from dlbench.parts.datasets import describe, load_data
from dlbench.parts.datasets.carried import VARIABLE, has_files, key_of, own_arguments, packed, unpack


def table(folder, target, *, numbers):
    """A table of 40 rows with a gap, whose last column is the target."""
    rows = [f"{i % 7},{'' if i == 3 else i / 3},{target(i)}" for i in range(40)]
    path = folder / "table.csv"
    path.write_text("\n".join(["a,b,y", *rows]) + "\n")
    return {"kind": "csv", "path": str(path), ("target" if numbers else "label"): "y", "missing": "mean"}


def archive(folder):
    """An archive of pictures."""
    x, y = np.arange(20 * 4, dtype=np.float32).reshape(20, 1, 2, 2), np.arange(20) % 2
    np.savez(folder / "pictures.npz", x_train=x, y_train=y, x_test=x[:6], y_test=y[:6])
    return {"kind": "npz", "path": str(folder / "pictures.npz")}


MADE = {
    "classes": lambda folder: table(folder, lambda i: "yes" if i % 2 else "no", numbers=False),
    "numbers": lambda folder: table(folder, lambda i: i * 1.25, numbers=True),
    "pictures": archive,
}


def arrays_of(settings):
    """Every array of the loaded data by its name, and its notes."""
    loaded = load_data(settings)
    return {name: value for name, value in vars(loaded).items() if isinstance(value, np.ndarray)}, loaded.notes


@pytest.mark.parametrize("made", MADE)
def test_a_dataset_that_was_brought_is_the_same(made, tmp_path, monkeypatch):
    """What it says of itself, every array bit for bit, with splits and normalizing; the file is not looked for."""
    settings = MADE[made](tmp_path) | {"validation": 5, "normalize": "standard"}
    kind, own = settings["kind"], own_arguments(settings)
    source, (arrays, notes) = describe(settings), arrays_of(settings)
    unpack(packed(kind, own), tmp_path / "brought" / key_of(kind, own))
    for path in (*tmp_path.glob("*.csv"), *tmp_path.glob("*.npz")):
        path.unlink()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "brought"))
    found, (brought, told) = describe(settings), arrays_of(settings)

    plain = [one.name for one in fields(source) if one.name not in {"load", "missing"}]
    assert {name: getattr(found, name) for name in plain} == {name: getattr(source, name) for name in plain}
    assert brought.keys() == arrays.keys()
    assert all(brought[name].tobytes() == arrays[name].tobytes() for name in arrays)
    assert all(brought[name].dtype == arrays[name].dtype for name in arrays)
    assert told == notes


def test_only_data_from_files_travel():
    """What is made on the spot is made there."""
    assert [has_files(kind) for kind in ("xor", "digits", "csv", "mnist")] == [False, False, True, True]


def test_another_dataset_is_not_mistaken_for_it(tmp_path, monkeypatch):
    """The arguments are the key; a damaged one is told."""
    settings = archive(tmp_path)
    own = own_arguments(settings)
    place = tmp_path / "brought" / key_of("npz", own)
    unpack(packed("npz", own), place)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "brought"))
    with pytest.raises(SetupError, match="no file"):
        describe(settings | {"path": "another.npz"})
    (place / "x_train.npy").write_bytes(b"no array")
    with pytest.raises(SetupError, match="is damaged; remove it"):
        load_data(settings)
