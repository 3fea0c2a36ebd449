"""What is known of data: before it is loaded, of its arrays, and what is odd about them."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from dlbench.parts.datasets import describe
from dlbench.plan.facts import described, measured

RANDOM = np.random.default_rng(7)


def facts_of(settings):
    """The facts of loaded data."""
    source = describe(settings)
    return measured(settings, source, source.load())


@pytest.fixture
def made(tmp_path):
    """Settings of an archive of 40 rows to train and 20 to test, 2 features and 2 classes in turn, with some changes."""

    def make(changes=None, **settings):
        arrays = {
            "x_train": RANDOM.normal(size=(40, 2)), "y_train": np.arange(40) % 2,
            "x_test": RANDOM.normal(size=(20, 2)), "y_test": np.arange(20) % 2,
        }  # fmt: skip
        np.savez(tmp_path / "a.npz", **arrays | (changes or {}))
        return {"kind": "npz", "path": str(tmp_path / "a.npz"), **settings}

    return make


def test_facts_of_the_arrays_are_what_numpy_says_of_them(made):
    """Counts, hashes and the ranges of each feature are those of the arrays that are trained on."""
    settings = made(validation=10, validation_split="stratified", normalize="center")
    facts, arrays = facts_of(settings), describe(settings).load()

    x = arrays.x_train.astype(np.float64)
    assert facts.samples == {"train": 30, "validation": 10, "test": 20}
    assert facts.class_counts == {"train": (15, 15), "validation": (5, 5), "test": (10, 10)}
    assert facts.all_counts == (30, 30)
    assert facts.sha256["test"] == hashlib.sha256(arrays.x_test.tobytes() + arrays.y_test.tobytes()).hexdigest()
    assert len(set(facts.sha256.values())) == 3
    np.testing.assert_allclose(facts.ranges.minimum, x.min(axis=0))
    np.testing.assert_allclose(facts.ranges.maximum, x.max(axis=0))
    np.testing.assert_allclose(facts.ranges.mean, x.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(facts.ranges.std, x.std(axis=0), rtol=1e-9)
    assert facts.ranges.distinct == tuple(len(set(column)) for column in x.T.tolist())


@pytest.mark.parametrize(
    ("shape", "unit", "axes"),
    [((3, 5, 4), "channel", (0, 2, 3)), ((1001,), "all", (0, 1)), ((7,), "feature", (0,)), ((4, 3), "feature", (0,))],
)
def test_ranges_are_of_features_channels_or_all(made, shape, unit, axes):
    """Images have a range a channel, wide tables one for all, everything else one a feature."""
    x = RANDOM.normal(size=(40, *shape)) + 3
    facts = facts_of(made({"x_train": x, "x_test": x[:20] + 1}))
    x = x.astype(np.float32).astype(np.float64)

    assert facts.ranges.of == unit
    np.testing.assert_allclose(facts.ranges.mean, np.ravel(x.mean(axis=axes)), rtol=1e-9)
    np.testing.assert_allclose(facts.ranges.std, np.ravel(x.std(axis=axes)), rtol=1e-9)
    np.testing.assert_allclose(facts.ranges.maximum, np.ravel(x.max(axis=axes)))


def test_what_is_described_is_what_is_measured():
    """Before loading the same is said as after, but for what only the arrays tell."""
    settings = {"kind": "digits", "validation": 200, "validation_split": "stratified", "limit": 300}
    before, after = described(settings, describe(settings)), facts_of(settings)

    assert (before.sha256, before.ranges, before.repeated) == (None, None, None)
    measured_alone = {name: getattr(after, name) for name in ("sha256", "ranges", "repeated")}
    assert vars(before) | measured_alone == vars(after)
    assert after.left_out == 938


Y_TEST = np.arange(20) % 2


@pytest.mark.parametrize(
    ("changes", "settings", "said"),
    [
        ({}, {}, []),
        (
            {"y_test": np.where(np.arange(20) < 3, 2, Y_TEST)},
            {},
            ["class '2' has no training sample, but 3 of 20 test samples: no net can learn that"],
        ),
        ({"y_test": Y_TEST * 0}, {}, ["class '1' has no test sample"]),
        (
            {"y_train": np.repeat([0, 1], [20, 20])},
            {},
            [('the training rows are sorted by class: batches are shuffled, but validation_split = "end" would take '
             "whole classes")],
        ),
        (
            {"y_train": np.repeat([0, 1], [30, 10])},
            {"validation": 10, "validation_split": "end"},
            ["class '1' has no training sample, but 10 of 10 validation samples: no net can learn that",
             "class '1' has no training sample, but 10 of 20 test samples: no net can learn that",
             "class '0' has no validation sample; validation_split = \"stratified\" takes some of each",
             ('the training rows are sorted by class, and validation_split = "end" takes the last ones; '
             '"stratified" takes some of each class')],
        ),
        ({"y_train": np.repeat([0, 1, 0, 1], 10)}, {}, []),
    ],
)  # fmt: skip
def test_what_is_odd_about_classes_is_said(made, changes, settings, said):
    """A class that is judged and not learned, or learned and not judged, and rows that are sorted by class."""
    assert list(facts_of(made(changes, **settings)).notes) == said


def test_samples_that_stand_there_again_are_counted(made):
    """Each split's samples that equal a training sample are counted, of the training samples those that equal an earlier one."""
    x, test = RANDOM.integers(0, 3, (40, 3)).astype(float), RANDOM.integers(0, 3, (20, 3)).astype(float)
    rows, judged = [tuple(row) for row in x], [tuple(row) for row in test]
    repeated = facts_of(made({"x_train": x, "x_test": test})).repeated

    assert repeated == {"train": 40 - len(set(rows)), "validation": 0, "test": sum(row in rows for row in judged)}
    assert repeated["train"] > 5


def test_samples_that_are_trained_on_and_judged_are_counted(made):
    """Equal features in two splits are told with their count, 0 and -0 being equal; different rows are not."""
    x = RANDOM.normal(size=(40, 2))
    x[0, 0], test = 0.0, RANDOM.normal(size=(20, 2))
    test[:3], test[0, 0] = x[:3], -0.0

    assert facts_of(made({"x_train": x, "x_test": test})).notes == (
        "3 of 20 test samples equal a training sample in every feature",
    )
    assert facts_of({"kind": "xor", "copies": 2}).notes == ()


@pytest.mark.parametrize(("factor", "is_said"), [(1, False), (100, False), (1e5, True), (1e-5, True)])
@pytest.mark.parametrize("how", ["none", "center", "standard"])
def test_features_on_very_different_scales_are_said_unless_they_are_put_on_one(made, factor, is_said, how):
    """Numbers of one feature that are some hundred times another's are told, with the remedy that settles it."""
    x = RANDOM.normal(size=(60, 2)) * [1, factor]
    (*notes,) = facts_of(made({"x_train": x[:40], "x_test": x[40:]}, normalize=how)).notes

    assert [note.startswith("features are on very different scales: feature ") for note in notes] == [True] * (
        is_said and how != "standard"
    )


@pytest.mark.parametrize(("offset", "is_said"), [(0, False), (1e3, False), (1e9, True)])
def test_small_differences_on_a_large_offset_are_said_where_float32_loses_them(made, offset, is_said):
    """Of any file: the values of a feature that float32 makes equal are counted, unless they are centred first."""
    x = offset + np.stack([np.arange(40) / 100, 3 * RANDOM.normal(size=40)], axis=1)
    made_with = {"x_train": x, "x_test": x[::2] + 100}
    kept = len(np.unique(x[:, 0].astype(np.float32)))

    said = f"the 40 different values of feature 0 are {kept} in float32"
    assert any(said in note for note in facts_of(made(made_with)).notes) == is_said
    assert not facts_of(made(made_with, normalize="standard")).notes


def test_samples_that_are_the_test_set_too_are_counted_once():
    """The four corners of exclusive or are trained on and judged; noise makes other samples of them."""
    own, noisy = facts_of({"kind": "xor"}), facts_of({"kind": "xor", "noise": 0.1})

    assert (own.all_counts, noisy.all_counts) == ((2, 2), (4, 4))
    assert described({"kind": "xor"}, describe({"kind": "xor"})).all_counts == (2, 2)


def test_pixels_of_8_bits_are_never_on_different_scales(made):
    """A pixel that is nearly black in all pictures beside one that is white is no oddity."""
    x = np.tile([1, 255], (40, 1)) * RANDOM.integers(0, 2, size=(40, 2))

    assert facts_of(made({"x_train": x / 255, "x_test": x[:20] / 255 + 1})).notes == ()
