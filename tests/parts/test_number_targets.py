"""Targets that are numbers: read from tables and archives, split, scaled, and refused where they are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from csv_files import write

from dlbench.errors import SetupError
from dlbench.parts.datasets import describe, load_data
from dlbench.plan.facts import measured

ROWS = [(i / 7, i % 5, 100 + 3.5 * (i * 37 % 101)) for i in range(101)]
"""Two features and a price, all different."""


@pytest.fixture
def table(tmp_path: Path) -> dict[str, Any]:
    """Settings of a table of prices."""
    lines = [f"{size},{rooms},{price}" for size, rooms, price in ROWS]
    write(tmp_path / "prices.csv", "\n".join(["size,rooms,price", *lines]) + "\n")
    return {"kind": "csv", "path": str(tmp_path / "prices.csv"), "target": "price"}


def refusal(settings: dict[str, Any]) -> str:
    """Why a dataset cannot be learned from."""
    with pytest.raises((ValueError, SetupError)) as error:
        load_data(settings)
    return str(error.value)


@pytest.mark.parametrize("target", ["price", 2, -1])
def test_a_target_is_a_column_of_numbers(target: Any, table: dict[str, Any]) -> None:
    """By name or by position, every row in one of the sets, in its own units once the scale is undone (1e-5)."""
    settings = {**table, "target": target, "validation": 11}
    source, arrays = describe(settings), load_data(settings)
    assert arrays.y_validation is not None
    y = np.concatenate([arrays.own_units(part) for part in (arrays.y_train, arrays.y_validation, arrays.y_test)])

    assert (source.task, source.targets, source.classes) == ("regression", ("price",), 0)
    assert (source.train, source.validation, source.test) == (70, 11, 20)
    assert [len(part) for part in (arrays.y_train, arrays.y_validation, arrays.y_test)] == [70, 11, 20]
    np.testing.assert_allclose(np.sort(y[:, 0]), np.sort([price for _, _, price in ROWS]), rtol=1e-5)


def test_features_stay_with_their_target(table: dict[str, Any]) -> None:
    """A row's features and its number are the file's, whichever set it is in."""
    arrays = load_data(table)
    prices = {(np.float32(size), np.float32(rooms)): price for size, rooms, price in ROWS}

    for x, y in ((arrays.x_train, arrays.y_train), (arrays.x_test, arrays.y_test)):
        expected = [prices[tuple(row)] for row in x]
        np.testing.assert_allclose(arrays.own_units(y)[:, 0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("how", "mean", "std"), [(None, 0, 1), ("standard", 0, 1), ("center", 0, None), ("none", None, None)]
)
def test_targets_are_scaled_by_the_training_rows(how: Any, mean: Any, std: Any, table: dict[str, Any]) -> None:
    """Mean and deviation of the training rows become 0 and 1, and the test rows go along; as the features, if nothing is said."""
    plain, scaled = (load_data({**table, "normalize": "standard", "normalize_target": each}) for each in ("none", how))
    own = plain.y_train[:, 0].astype(np.float64)
    shift = own.mean() if mean == 0 else 0.0
    unit = own.std() if std == 1 else 1.0

    np.testing.assert_allclose(scaled.y_train[:, 0], (own - shift) / unit, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(scaled.y_test[:, 0], (plain.y_test[:, 0] - shift) / unit, rtol=1e-4, atol=1e-4)
    assert scaled.y_train.dtype == np.float32
    assert how or np.array_equal(load_data(table).y_train, plain.y_train)


def test_a_limit_takes_the_first_rows_and_leaves_the_rest_without_a_number(table: dict[str, Any]) -> None:
    """With everything asked for, all features are there once, normalized alike, the first of them being those of the limit."""
    whole = load_data(table | {"normalize": "center"}, everything=True)
    few = load_data({**table, "limit": 10, "normalize": "center"}, everything=True)
    assert whole.x_all is not None
    assert few.x_all is not None
    shift = few.x_all - (whole.x_all + 0)

    assert whole.x_all is whole.x_train
    np.testing.assert_allclose(few.x_all[:10], few.x_train, atol=1e-6)
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-5)


@pytest.mark.parametrize("asked", [{"classes": [0, 1]}, {"limit_per_class": 3}, {"label_noise": 0.1}])
def test_what_is_about_classes_is_refused(asked: dict[str, Any], table: dict[str, Any]) -> None:
    """Keys that mean nothing without classes are one clear error."""
    (key,) = asked

    assert refusal(table | asked) == f"'{key}' is about classes, but the target is numbers; leave it out"


def test_a_scale_of_targets_is_refused_beside_classes() -> None:
    """Classes are not scaled."""
    assert refusal({"kind": "xor", "normalize_target": "center"}).startswith(
        "'normalize_target' needs a target of numbers"
    )


@pytest.mark.parametrize(
    ("prices", "settings", "message"),
    [
        (
            ["cheap", "dear"] * 10,
            {},
            "holds 'cheap' 10 times, 'dear' 10 times; `label = \"price\"` learns them as classes",
        ),
        ([*range(30), "dear"], {}, 'holds \'dear\' once; `missing_words = ["", "?"'),
        ([*range(30), ""], {}, "no target at line 32 ('')"),
        ([*range(30), 1e39], {}, "has 1 number beyond float32 or infinite"),
        ([7] * 20, {}, "has the same number in every row, 7: there is nothing to learn"),
        (range(30), {"label": "price"}, "'label' and 'target' cannot be combined"),
        (range(30), {"label_as": "classes"}, "'label_as' and 'target' cannot be combined"),
        (range(30), {"target": "prize"}, "'target' is 'prize', but the columns of"),
        (range(30), {"ignore": ["price"]}, "'ignore' names 'price', which is the target's column"),
    ],
)
def test_what_is_no_target_is_refused(prices: Any, settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    """A column of words, gaps, one number or numbers beyond float32, and keys that exclude each other, with the way on."""
    lines = [f"{i / 3},{price}" for i, price in enumerate(prices)]
    write(tmp_path / "t.csv", "\n".join(["size,price", *lines]) + "\n")

    assert message in refusal({"kind": "csv", "path": str(tmp_path / "t.csv"), "target": "price"} | settings)


def test_rows_without_a_target_can_be_dropped(tmp_path: Path) -> None:
    """As rows without a label are."""
    lines = [f"{i / 3},{'' if i % 10 == 0 else i * i}" for i in range(40)]
    write(tmp_path / "t.csv", "\n".join(["size,price", *lines]) + "\n")
    source = describe({"kind": "csv", "path": str(tmp_path / "t.csv"), "target": "price", "missing": "drop"})

    assert source.train + source.test == 36
    assert source.notes == ("4 of 40 rows lack a value and are left out",)


@pytest.mark.parametrize("shape", [(20,), (20, 1), (20, 3)])
def test_floats_of_an_archive_are_numbers(shape: tuple[int, ...], tmp_path: Path) -> None:
    """One a sample or a row of several; what was saved comes back in its own units (1e-5)."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(20, 2)), 50 + 9 * random.normal(size=shape)
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[:5], y_test=y[:5])
    settings = {"kind": "npz", "path": str(tmp_path / "a.npz")}
    source, arrays = describe(settings), load_data(settings)

    assert source.targets == (("y",) if len(y.reshape(20, -1)[0]) == 1 else ("y0", "y1", "y2"))
    assert (source.task, source.notes) == ("regression", ())
    np.testing.assert_allclose(arrays.own_units(arrays.y_train), y.reshape(20, -1), rtol=1e-5)
    np.testing.assert_allclose(arrays.own_units(arrays.y_test), y[:5].reshape(5, -1), rtol=1e-5)


@pytest.mark.parametrize(
    ("y", "note"),
    [
        (
            np.arange(20) % 3,
            "the numbers in 'y_train' are 0 to 2, as classes are; save y.astype(int), to learn them as such",
        ),
        (np.eye(4)[np.arange(20) % 4], "each row of 'y_train' has a single 1, as classes have; save y.argmax(axis=1)"),
    ],
)
def test_floats_that_look_like_classes_are_said(y: Any, note: str, tmp_path: Path) -> None:
    """They are learned as numbers, and the way to classes is told."""
    x = np.arange(40.0).reshape(20, 2)
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y.astype(float), x_test=x, y_test=y.astype(float))
    source = describe({"kind": "npz", "path": str(tmp_path / "a.npz")})

    assert source.task == "regression"
    assert source.notes[0].startswith(note)


@pytest.mark.parametrize("shape", [(20, 2, 2), (20, 1, 1, 3)])
def test_floats_of_more_axes_are_refused_with_the_way(shape: tuple[int, ...], tmp_path: Path) -> None:
    """Targets have two axes at most; the error says what to save, and that is taken."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(20, 2)), random.normal(size=shape)
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    settings = {"kind": "npz", "path": str(tmp_path / "a.npz")}
    with pytest.raises(SetupError) as caught:
        describe(settings)

    targets = y.size // 20
    told = f"(samples, targets): save y_train.reshape(20, -1), to learn {targets} of each sample"
    assert told in str(caught.value)
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y.reshape(20, -1), x_test=x, y_test=y.reshape(20, -1))
    assert len(describe(settings).targets) == targets


@pytest.mark.parametrize(
    ("unit", "normalize", "note"),
    [
        (1.0, "none", None),
        (1e5, "none", "a net's outputs begin near 0, and need long to get there; normalize_target"),
        (1e30, "none", "its square is beyond float32, and so is every loss; normalize_target"),
        (1e30, "center", "its square is beyond float32, and so is every loss; normalize_target"),
        (1e5, "standard", None),
        (1e30, "standard", None),
    ],
)
def test_targets_out_of_reach_are_said(unit: float, normalize: str, note: str | None, tmp_path: Path) -> None:
    """What every seed would diverge on, or hardly get to, is told with the key that mends it; once it is there, no more."""
    random = np.random.default_rng(0)
    rows = [f"{one},{random.normal() * unit}" for one in random.normal(size=40)]
    (tmp_path / "t.csv").write_text("\n".join(["x,price", *rows]))
    settings = {"kind": "csv", "path": str(tmp_path / "t.csv"), "target": "price", "normalize_target": normalize}
    notes = measured(settings, describe(settings), load_data(settings)).notes

    assert [one for one in notes if "price" in one and (note is None or note in one)] == (
        [] if note is None else list(notes)
    )
    assert bool(notes) == (note is not None)


def test_facts_are_of_the_numbers(table: dict[str, Any]) -> None:
    """What is told of data has the target's name and the range of the training rows in its own units, and no classes."""
    source, arrays = describe(table), load_data(table)
    facts = measured(table, source, arrays)
    y = arrays.own_units(arrays.y_train)
    assert facts.target_ranges is not None

    assert (facts.target_names, facts.class_names, facts.all_counts) == (("price",), (), None)
    assert facts.samples == {"train": 81, "validation": 0, "test": 20}
    assert facts.target_ranges.minimum == pytest.approx([y.min()])
    assert facts.target_ranges.mean == pytest.approx([y.mean()])
    assert facts.class_counts == {"train": None, "validation": None, "test": None}
