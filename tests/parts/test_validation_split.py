"""Which samples are split off for validation, and what is known of them beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbench.parts.datasets import describe, load_data
from dlbench.parts.datasets.splits import proportional

DIGITS = {"kind": "digits", "validation": 200}


@pytest.fixture
def sorted_file(tmp_path):
    """The settings of an archive whose 90 training rows are sorted by class: 60, 20, 10; each row holds its number."""
    numbers = np.arange(90, dtype=np.float64)[:, None]
    labels = np.repeat([0, 1, 2], [60, 20, 10])
    np.savez(tmp_path / "a.npz", x_train=numbers, y_train=labels, x_test=numbers[::9] + 0.5, y_test=labels[::9])
    return {"kind": "npz", "path": str(tmp_path / "a.npz"), "validation": 30}


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any), st.data())
def test_proportional_shares_are_within_one_of_the_exact_ones(per_class, data):
    """All is shared out, each class within one of its exact share, as long as that leaves a sample of every class."""
    count = data.draw(st.integers(0, sum(per_class)))
    taken = proportional(per_class, count)
    exact = count * np.array(per_class) / sum(per_class)

    assert sum(taken) == count
    assert all(0 <= one <= there for one, there in zip(taken, per_class, strict=True))
    if (exact <= np.maximum(np.array(per_class) - 1, 0)).all():
        assert (np.abs(np.array(taken) - exact) < 1).all()


def test_no_class_gives_its_last_sample_while_others_can_spare_one():
    """The largest remainder would take the only sample of a class; it stays."""
    assert proportional([1, 8], 5) == [0, 5]
    assert proportional([1, 1, 1], 2) == [1, 1, 0]


def test_a_stratified_split_has_the_shares_of_the_classes(sorted_file):
    """Of 60, 20 and 10 rows in class order, a third of each is split off; those that stay keep their order."""
    arrays = load_data({**sorted_file, "validation_split": "stratified"})
    stay, off = arrays.x_train[:, 0], arrays.x_validation[:, 0]

    assert np.bincount(arrays.y_validation).tolist() == [20, 7, 3]
    assert sorted([*stay, *off]) == list(range(90))
    assert (np.diff(stay) > 0).all()
    assert (np.diff(off) > 0).all()
    assert off.tolist() != list(range(60, 90))
    np.testing.assert_array_equal(arrays.y_validation, np.repeat([0, 1, 2], [60, 20, 10])[off.astype(int)])


def test_a_random_split_is_no_end_and_another_seed_another_one(sorted_file):
    """Random samples are a function of `split_seed`, whatever the classes."""
    one, again, other = (
        load_data({**sorted_file, "validation_split": "random", "split_seed": seed}).x_validation[:, 0].tolist()
        for seed in (0, 0, 1)
    )

    assert one == again
    assert one != other
    assert one != list(range(60, 90))
    assert len(set(one)) == 30


def test_settings_without_a_split_mean_the_end(sorted_file):
    """A run from before there was a choice goes on with the samples that it began with."""
    arrays = load_data(sorted_file)

    assert arrays.x_validation[:, 0].tolist() == list(range(60, 90))
    assert describe(sorted_file).train_per_class is None


@pytest.mark.parametrize("limit", [{}, {"limit": 101}, {"limit_per_class": 9}, {"classes": [3, 1, 8]}])
def test_counts_of_a_stratified_split_are_known_before_loading(limit):
    """What is said of each split's classes is what is loaded."""
    settings = {**DIGITS, "validation_split": "stratified", **limit}
    source, arrays = describe(settings), load_data(settings)
    found = [np.bincount(labels) for labels in (arrays.y_train, arrays.y_validation, arrays.y_test)]

    assert [source.train_per_class, source.validation_per_class, source.test_per_class] == [*map(tuple, found)]
    assert source.per_class == tuple(sum(found))


@pytest.mark.parametrize("how", ["end", "random"])
def test_what_is_not_known_before_loading_is_not_said(how):
    """Only the labels tell the classes of such a split; of all samples together they are known without a limit."""
    source = describe({**DIGITS, "validation_split": how})
    limited = describe({**DIGITS, "validation_split": how, "limit": 50})

    assert source.train_per_class is source.validation_per_class is None
    assert source.per_class == (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
    assert limited.per_class is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            {"validation": 0, "split_per_seed": True},
            "'split_per_seed' varies the validation set, but 'validation' is 0",
        ),
        (
            {"split_per_seed": True, "validation_split": "end"},
            "'split_per_seed' needs validation_split = \"stratified\"",
        ),
        (
            {"limit_per_class": 130, "validation_split": "stratified"},
            "'limit_per_class' is 130, but class 8 has only 119 samples to train on",
        ),
    ],
)
def test_a_split_that_cannot_be_is_refused_before_loading(arguments, says):
    """A split that shall vary and cannot, or leaves a class too few, is a mistake of the recipe."""
    with pytest.raises(ValueError, match=says):
        describe({**DIGITS, **arguments})
