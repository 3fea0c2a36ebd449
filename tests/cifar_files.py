"""CIFAR-10 in miniature: files as Python 2 and numpy 1 pickled them, which no library of today writes any more."""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from dlbench.parts.datasets import cifar

ROWS = {**dict.fromkeys(cifar.TRAIN, 20), "test_batch": 30}
PER_CLASS = {"train": (10,) * 10, "test": (3,) * 10}


def text(value: bytes) -> bytes:
    """A `str` of Python 2."""
    return pickle.BINSTRING + struct.pack("<i", len(value)) + value


def number(value: int) -> bytes:
    """An `int` of Python 2."""
    return pickle.BININT + struct.pack("<i", value)


def named(module: str, name: str) -> bytes:
    """Something that is imported."""
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def array(pixels: np.ndarray) -> bytes:
    """An 8-bit array `[rows, columns]` of numpy 1."""
    empty = named("numpy", "ndarray") + number(0) + pickle.TUPLE1 + text(b"b") + pickle.TUPLE3 + pickle.REDUCE
    kind = named("numpy", "dtype") + text(b"u1") + number(0) + number(1) + pickle.TUPLE3 + pickle.REDUCE
    state = number(3) + text(b"|") + pickle.NONE * 3 + number(-1) + number(-1) + number(0)
    rows, columns = pixels.shape
    shape = number(rows) + number(columns) + pickle.TUPLE2
    content = pickle.NEWFALSE + text(pixels.tobytes()) + pickle.TUPLE + pickle.BUILD
    whole = number(1) + shape + kind + pickle.MARK + state + pickle.TUPLE + pickle.BUILD + content
    return named("numpy.core.multiarray", "_reconstruct") + empty + pickle.MARK + whole


def entry(**items: bytes) -> bytes:
    """A file that holds a dictionary."""
    body = b"".join(text(key.encode()) + value for key, value in items.items())
    return pickle.PROTO + b"\x02" + pickle.EMPTY_DICT + pickle.MARK + body + pickle.SETITEMS + pickle.STOP


def numbers(values: list[int]) -> bytes:
    """A list of numbers."""
    return pickle.EMPTY_LIST + pickle.MARK + b"".join(map(number, values)) + pickle.APPENDS


def batch(pixels: np.ndarray, labels: list[int]) -> bytes:
    """The content of one batch."""
    return entry(batch_label=text(b"a batch"), labels=numbers(labels), data=array(pixels))


def write(folder: Path) -> dict[str, int]:
    """A small CIFAR-10 below a data folder, its labels in random order; returns the bytes of each file."""
    random = np.random.default_rng(7)
    y = random.permutation(np.repeat(np.arange(10), 10)).tolist() + random.permutation(np.repeat(range(10), 3)).tolist()
    files = {"batches.meta": entry(label_names=pickle.EMPTY_LIST)}
    for name, rows in ROWS.items():
        labels, y = y[:rows], y[rows:]
        files[name] = batch(random.integers(0, 256, (rows, 3072), dtype=np.uint8), labels)
    home = folder / cifar.HOME
    home.mkdir(parents=True)
    for name, content in files.items():
        (home / name).write_bytes(content)
    return {f"{cifar.HOME}/{name}": len(content) for name, content in files.items()}


def small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, taken for the whole of CIFAR-10; returns the folder of its files."""
    monkeypatch.setattr(cifar, "CIFAR10", dataclasses.replace(cifar.CIFAR10, files=write(folder)))
    monkeypatch.setattr(cifar, "TRAIN_PER_CLASS", PER_CLASS["train"])
    monkeypatch.setattr(cifar, "TEST_PER_CLASS", PER_CLASS["test"])
    return folder / cifar.HOME


def checksum(file: Path) -> str:
    """What torchvision compares."""
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
