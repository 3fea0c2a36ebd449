"""The files that scenarios learn from beside the built-in data: tables, sequences and pictures, made anew for every self-test."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.digits import BRIGHTEST, FILE

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
Arrays: TypeAlias = dict[str, NDArray[Any]]

ROWS = 2_400
UNITS = np.array([40_000.0, 12.0, 0.05, 900.0, 3.0, 1.0, 250.0, 15_000.0])
MIDDLES = np.array([90_000.0, 45.0, 0.2, 2_000.0, 0.0, 5.0, 1_000.0, 30_000.0])
"""What a unit is and where the middle lies of the raw columns: dollars, years, shares, as they stand in people's tables."""


def write(names: set[str], folder: Path) -> None:
    """Write the files of these names into a folder; raises KeyError where one is not known."""
    for name in sorted(names):
        _FILES[name](folder / name)


def known() -> set[str]:
    """The names of all files that there are."""
    return set(_FILES)


# --- tables with classes ------------------------------------------------------------------------------------------


def _customers(random: np.random.Generator, rows: int = ROWS) -> tuple[Floats, Labels]:
    """Eight columns around 0, three classes with curved borders between them."""
    x = random.standard_normal((rows, 8))
    score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3]
    return x, np.digitize(score, [-0.5, 0.5]).astype(np.int64)


def _rounded(x: Floats) -> list[list[float]]:
    rows: list[list[float]] = x.round(5).tolist()
    return rows


def _table(path: Path, x: Floats, y: NDArray[Any], last: str = "label") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"column{index}" for index in range(x.shape[1])), last])
        writer.writerows([*row, value] for row, value in zip(_rounded(x), y.tolist(), strict=True))


def _named(y: Labels) -> NDArray[np.str_]:
    return np.array(["low", "middle", "high"])[y]


def _customers_csv(path: Path) -> None:
    x, y = _customers(np.random.default_rng(1))
    _table(path, x, _named(y))


def _customers_raw_csv(path: Path) -> None:
    """The same people in dollars, years and shares."""
    x, y = _customers(np.random.default_rng(1))
    _table(path, x * UNITS + MIDDLES, _named(y))


def _customers_one_large_csv(path: Path) -> None:
    """The same people, one column of eight in thousandths of its unit."""
    x, y = _customers(np.random.default_rng(2))
    x[:, 5] *= 10_000.0
    _table(path, x, _named(y))


def _customers_mixed_up_csv(path: Path) -> None:
    """Of every other row the label is that of somebody else, as after a join on the wrong key."""
    random = np.random.default_rng(3)
    x, y = _customers(random)
    wrong = np.flatnonzero(random.random(len(y)) < 0.5)
    y[wrong] = y[random.permutation(wrong)]
    _table(path, x, _named(y))


def _customers_shuffled_csv(path: Path) -> None:
    """The column of labels was sorted apart from the others: what it says has nothing to do with the rows."""
    random = np.random.default_rng(4)
    x, y = _customers(random)
    _table(path, x, _named(random.permutation(y)))


def _survey_csv(path: Path, people: int, copies: int = 1) -> None:
    """Twenty answers, of which two and luck decide a person's class; each person stands there `copies` times."""
    random = np.random.default_rng(5)
    x = random.standard_normal((people, 20))
    y = (x[:, 0] + x[:, 1] + random.standard_normal(people) > 0).astype(np.int64)
    order = random.permutation(np.tile(np.arange(people), copies))
    _table(path, x[order], np.array(["no", "yes"])[y[order]])


def _fraud(path: Path, seed: int, apart: float, frauds: int = 40) -> None:
    """Of 4,000 payments so many are frauds; the two kinds' means lie `apart` standard deviations apart."""
    random = np.random.default_rng(seed)
    y = (np.arange(4_000) < frauds).astype(np.int64)
    x = random.standard_normal((4_000, 6))
    x[:, 0] += apart * y
    order = random.permutation(4_000)
    _table(path, x[order], np.array(["good", "fraud"])[y[order]])


# --- tables with numbers ------------------------------------------------------------------------------------------


HOUSES = 1_200


def _houses(random: np.random.Generator, noise: float = 0.1) -> tuple[Floats, Floats]:
    """Eight columns around 0, prices from about -4 to 4 that curve along three of them."""
    x = random.standard_normal((HOUSES, 8))
    y = x[:, 0] + np.abs(x[:, 1]) * x[:, 2] + np.cos(2 * x[:, 3]) + noise * random.standard_normal(HOUSES)
    return x, y


def _houses_csv(path: Path) -> None:
    x, y = _houses(np.random.default_rng(6))
    _table(path, x, y.round(5), "price")


def _houses_raw_csv(path: Path) -> None:
    """Prices in dollars by columns in their own units."""
    x, y = _houses(np.random.default_rng(6))
    _table(path, x * UNITS + MIDDLES, (300_000 + 80_000 * y).round(0), "price")


def _houses_wide_csv(path: Path) -> None:
    """A hundred rows with sixty columns, three of which matter."""
    random = np.random.default_rng(7)
    x = random.standard_normal((125, 60))
    y = x[:, 0] - x[:, 1] + 0.5 * x[:, 2] + 0.5 * random.standard_normal(125)
    _table(path, x, y.round(5), "price")


def _houses_noisy_csv(path: Path, copies: int = 1) -> None:
    """Prices of which half is luck; with `copies` there are fewer houses, each so many times, as after exports that overlap."""
    random = np.random.default_rng(7)
    x, y = _houses(random, noise=1.5)
    order = random.permutation(np.tile(np.arange(HOUSES // copies), copies))
    _table(path, x[order], y[order].round(5), "price")


# --- sequences ----------------------------------------------------------------------------------------------------


def _split(path: Path, x: Floats, y: NDArray[Any], test: int) -> None:
    kind = np.float32 if y.dtype.kind == "f" else np.int64
    arrays: Arrays = {
        "x_train": x[:-test].astype(np.float32),
        "y_train": y[:-test].astype(kind),
        "x_test": x[-test:].astype(np.float32),
        "y_test": y[-test:].astype(kind),
    }
    np.savez(path, allow_pickle=False, **arrays)


def _memory(path: Path, steps: int) -> None:
    """Which of two symbols stood at the very beginning? All that comes after it is noise."""
    random = np.random.default_rng(8)
    y = random.integers(0, 2, 700)
    x = 0.3 * random.standard_normal((700, steps, 3))
    x[:, 0, 0] = 2.0 * (2 * y - 1)
    x[:, 0, 2] = 1.0
    _split(path, x, y, 200)


def _waves(path: Path, counts: tuple[int, ...] = (300, 300, 300, 300), noise: float = 0.3) -> None:
    """Waves of one frequency a class, each at a phase of its own, under noise."""
    random = np.random.default_rng(9)
    y = random.permutation(np.repeat(np.arange(len(counts)), counts))
    phase, time = random.uniform(0, 2 * np.pi, (len(y), 1)), np.arange(24)
    x = np.sin(phase + 0.25 * (y[:, None] + 1) * time) + noise * random.standard_normal((len(y), 24))
    _split(path, x[:, :, None], y, len(y) // 4)


def _waves_loud_npz(path: Path) -> None:
    """The waves as a converter gives them: counts around 2,000 that go up to 4,000."""
    _waves(path)
    with np.load(path) as file:
        arrays = dict(file)
    for name in ("x_train", "x_test"):
        arrays[name] = (2_000 + 600 * arrays[name]).astype(np.float32)
    np.savez(path, allow_pickle=False, **arrays)


def _adding_npz(path: Path) -> None:
    """The sum of the two numbers that are marked, one in each half of a sequence of twenty (Hochreiter & Schmidhuber 1997)."""
    random = np.random.default_rng(10)
    values, marks = random.uniform(-1, 1, (1_500, 20)), np.zeros((1_500, 20))
    rows = np.arange(1_500)
    for low in (0, 10):
        marks[rows, random.integers(low, low + 10, 1_500)] = 1.0
    _split(path, np.stack([values, marks], axis=2), (values * marks).sum(axis=1), 300)


# --- pictures -----------------------------------------------------------------------------------------------------


def _digits() -> tuple[Floats, Labels]:
    with np.load(FILE) as file:
        return file["images"][:, None].astype(np.float64) / BRIGHTEST, file["labels"].astype(np.int64)


def _digits_bytes_npz(path: Path) -> None:
    """The digits with pixels up to 1,000 instead of 1."""
    x, y = _digits()
    _split(path, 1_000 * x, y, 360)


def _digits_apart_npz(path: Path, shared: int = 0) -> None:
    """Six hundred pictures to learn and four hundred for the test, of which the first `shared` are among the learned ones."""
    x, y = _digits()
    order = np.random.default_rng(11).permutation(len(y))
    test = np.concatenate([order[:shared], order[600 : 1_000 - shared]])
    train = order[:600]
    arrays: Arrays = {
        "x_train": x[train].astype(np.float32),
        "y_train": y[train],
        "x_test": x[test].astype(np.float32),
        "y_test": y[test],
    }
    np.savez(path, allow_pickle=False, **arrays)


_FILES: Mapping[str, Callable[[Path], None]] = {
    "customers.csv": _customers_csv,
    "customers-raw.csv": _customers_raw_csv,
    "customers-one-large.csv": _customers_one_large_csv,
    "customers-mixed-up.csv": _customers_mixed_up_csv,
    "customers-shuffled.csv": _customers_shuffled_csv,
    "survey.csv": lambda path: _survey_csv(path, 1_500),
    "survey-repeated.csv": lambda path: _survey_csv(path, 300, copies=5),
    "survey-few.csv": lambda path: _survey_csv(path, 300),
    "fraud.csv": lambda path: _fraud(path, 12, 1.5),
    "fraud-one-in-five.csv": lambda path: _fraud(path, 14, 3.0, frauds=800),
    "fraud-plain.csv": lambda path: _fraud(path, 13, 8.0),
    "houses.csv": _houses_csv,
    "houses-raw.csv": _houses_raw_csv,
    "houses-wide.csv": _houses_wide_csv,
    "houses-noisy.csv": _houses_noisy_csv,
    "houses-repeated.csv": lambda path: _houses_noisy_csv(path, copies=4),
    "memory-60.npz": lambda path: _memory(path, 60),
    "memory-100.npz": lambda path: _memory(path, 100),
    "memory-10.npz": lambda path: _memory(path, 10),
    "waves.npz": _waves,
    "waves-loud.npz": _waves_loud_npz,
    "waves-rare.npz": lambda path: _waves(path, (960, 20, 20), noise=1.2),
    "waves-even.npz": lambda path: _waves(path, (340, 330, 330), noise=0.6),
    "adding.npz": _adding_npz,
    "digits-bytes.npz": _digits_bytes_npz,
    "digits-apart.npz": _digits_apart_npz,
    "digits-leaked.npz": lambda path: _digits_apart_npz(path, shared=300),
}
"""By their names, as scenarios have them in `data.path`."""
