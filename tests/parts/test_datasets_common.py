"""The arguments that every dataset takes, and the choosing of samples by class behind them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from sklearn.preprocessing import StandardScaler

from dlbench.errors import SetupError
from dlbench.parts.datasets import COMMON, describe, load_data
from dlbench.parts.datasets.splits import balanced, balanced_counts, counts_for_test, ranks, stratified

BLOBS = {"kind": "blobs", "centers": 4, "samples": 200, "features": 3}
labels = st.lists(st.integers(0, 4), min_size=1, max_size=60).map(np.array)


def rows(x):
    """Samples as a set, to compare membership."""
    return set(map(tuple, x.reshape(len(x), -1).tolist()))


def test_the_common_arguments_are_the_documented_ones():
    """Their names, defaults and order are what the settings of a run hold."""
    assert {name: argument.default for name, argument in COMMON.items()} == {
        "limit": None, "limit_per_class": None, "validation": 0, "validation_split": "stratified", "split_seed": 0,
        "split_per_seed": False, "classes": None, "normalize": "none", "normalize_target": None,
        "label_noise": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("count", [1, 4, 7, 12, 13, 14, 19])
def test_counts_of_a_balanced_choice_are_those_of_the_choice(count):
    """What `balanced_counts` says beforehand is what `balanced` takes, classes that run out included."""
    per_class = [2, 9, 0, 3, 5]
    labels = np.repeat(np.arange(5), per_class)
    taken = np.bincount(labels[balanced(labels, count)], minlength=5)

    assert balanced_counts(per_class, count) == tuple(taken)


def test_classes_that_are_kept_keep_their_names_and_counts():
    """`classes` leaves the others out of names and counts, and names are what the classes were called."""
    source = describe({"kind": "digits", "classes": [7, 2], "limit": 101})

    assert source.names == ("7", "2")
    assert source.train_per_class == tuple(
        np.bincount(load_data({"kind": "digits", "classes": [7, 2], "limit": 101}).y_train)
    )
    assert source.validation_per_class == (0, 0)


@pytest.mark.parametrize("kind", ["blobs", "digits"])
def test_validation_is_the_end_of_the_training_set_and_limit_takes_from_what_is_left(kind):
    """Train, validation and test share no sample; validation is the end, and limit does not change it."""
    whole = load_data({"kind": kind})
    split = load_data({"kind": kind, "validation": 30})
    small = load_data({"kind": kind, "validation": 30, "limit": 50})

    np.testing.assert_array_equal(whole.x_train[:-30], split.x_train)
    np.testing.assert_array_equal(whole.x_train[-30:], split.x_validation)
    np.testing.assert_array_equal(whole.y_train[-30:], split.y_validation)
    np.testing.assert_array_equal(split.x_validation, small.x_validation)
    np.testing.assert_array_equal(whole.x_test, small.x_test)
    assert len(small.x_train) == 50
    assert rows(small.x_train) <= rows(split.x_train)
    assert not rows(small.x_train) & rows(small.x_validation)


@pytest.mark.parametrize("normalize", ["none", "standard"])
def test_everything_is_there_for_who_needs_no_labels(normalize):
    """Asked for, `x_all` is the training set without its limit, moved along by the limited samples' mean and deviation."""
    plain = {"kind": "digits", "limit": 40, "validation": 30}
    limited = {**plain, "normalize": normalize}
    small, whole = load_data(limited, everything=True), load_data({**plain, "limit": None}).x_train
    raw = load_data(plain).x_train
    mean, std = (raw.mean(), raw.std()) if normalize == "standard" else (0.0, 1.0)

    np.testing.assert_allclose(small.x_all, (whole - mean) / std, atol=1e-5)
    assert rows(small.x_train) <= rows(small.x_all)
    assert describe(limited).left_out == len(whole) - 40
    assert load_data(limited).x_all is None


def test_everything_is_the_training_set_where_nothing_is_left_out():
    """Without a limit both are one array, and nothing is left out."""
    arrays = load_data({"kind": "digits"}, everything=True)

    assert arrays.x_all is arrays.x_train
    assert describe({"kind": "digits"}).left_out == 0


def test_limit_is_balanced_and_grows_by_adding():
    """Each class gives the same number, one more at most, and a larger limit keeps what a smaller one chose."""
    chosen = [load_data({"kind": "digits", "limit": limit}) for limit in (20, 45, 300)]

    for arrays in chosen:
        counts = np.bincount(arrays.y_train, minlength=10)
        assert counts.max() - counts.min() <= 1
    assert rows(chosen[0].x_train) < rows(chosen[1].x_train) < rows(chosen[2].x_train)


@pytest.mark.parametrize(("kind", "classes"), [("blobs", 3), ("digits", 10)])
def test_limit_per_class_is_the_first_of_each_class(kind, classes):
    """So many of each class, the first ones in their order: the same samples as the `limit` of that many in all."""
    settings = {"kind": kind, "validation": 30}
    whole = load_data(settings)
    some, same = (load_data({**settings, **one}) for one in ({"limit_per_class": 7}, {"limit": 7 * classes}))

    assert describe({**settings, "limit_per_class": 7}).train == len(some.y_train) == 7 * classes
    np.testing.assert_array_equal(some.x_train, same.x_train)
    for label in range(classes):
        np.testing.assert_array_equal(whole.x_train[whole.y_train == label][:7], some.x_train[some.y_train == label])


def test_limit_per_class_counts_the_classes_that_are_kept():
    """Of two of ten classes, twice the number is trained on."""
    settings = {"kind": "digits", "classes": [7, 2], "limit_per_class": 50}

    assert describe(settings).train == 100
    assert np.bincount(load_data(settings).y_train).tolist() == [50, 50]


@pytest.mark.parametrize("classes", [None, [2, 0]])
def test_a_class_that_validation_has_emptied_cannot_fill_its_limit(tmp_path, classes):
    """Where the end of the training set holds most of a class, the text names it and says how many are left."""
    x, y = np.zeros((8, 1)), np.array([0, 1, 0, 1, 0, 2, 2, 2])
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    settings = {"kind": "npz", "path": str(tmp_path / "a.npz"), "classes": classes, "validation": 2}

    assert set(load_data({**settings, "limit_per_class": 1}).y_train) == {0, 1} | ({2} if classes is None else set())
    with pytest.raises(SetupError) as caught:
        load_data({**settings, "limit_per_class": 2})
    assert str(caught.value) == "'limit_per_class' is 2, but 'validation' has left only 1 of class 2; lower one of them"


def test_classes_keeps_and_renumbers_in_the_order_given():
    """Of classes [7, 2], sevens are 0 and twos are 1, in train and test; nothing else is left, nothing is lost."""
    whole, some = load_data({"kind": "digits"}), load_data({"kind": "digits", "classes": [7, 2]})

    for x, y, x_some, y_some in (
        (whole.x_train, whole.y_train, some.x_train, some.y_train),
        (whole.x_test, whole.y_test, some.x_test, some.y_test),
    ):
        np.testing.assert_array_equal(x[y == 7], x_some[y_some == 0])
        np.testing.assert_array_equal(x[y == 2], x_some[y_some == 1])
        assert len(y_some) == np.isin(y, [2, 7]).sum()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.333, 1.0])
def test_label_noise_replaces_exactly_its_share_by_other_labels(share):
    """The rounded share of training labels is another one; samples, validation and test stay as they were."""
    clean = load_data({**BLOBS, "validation": 20})
    noisy = load_data({**BLOBS, "validation": 20, "label_noise": share})

    assert (clean.y_train != noisy.y_train).sum() == round(share * 180)
    assert noisy.y_train.min() >= 0
    assert noisy.y_train.max() <= 3
    for name in ("x_train", "x_validation", "y_validation", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(clean, name), getattr(noisy, name))


def test_label_noise_grows_by_adding():
    """What a smaller share has wrong, a larger one has wrong in the same way, so that shares can be compared pair by pair."""
    clean = load_data(BLOBS).y_train
    noisy = [load_data({**BLOBS, "label_noise": share}).y_train for share in (0.1, 0.4, 1.0)]

    for less, more in itertools.pairwise(noisy):
        wrong = less != clean
        assert wrong.any()
        np.testing.assert_array_equal(less[wrong], more[wrong])


@pytest.mark.parametrize("limit", [{"limit": 101}, {"limit_per_class": 25}])
def test_label_noise_hits_its_share_of_a_limit_and_gives_the_labels_that_it_gives_without(limit):
    """Exactly the rounded share of the limited set is wrong; a label that is wrong there and in the whole set is the same."""
    clean, noisy = (load_data({**BLOBS, **limit, "label_noise": share}) for share in (0.0, 0.3))
    everything, whole = (load_data({**BLOBS, "label_noise": share}) for share in (1.0, 0.0))
    wrong = clean.y_train != noisy.y_train
    given = {tuple(x): label for x, label in zip(everything.x_train.tolist(), everything.y_train, strict=True)}

    assert wrong.sum() == round(0.3 * len(clean.y_train))
    assert noisy.y_train[wrong].tolist() == [given[tuple(x)] for x in clean.x_train[wrong].tolist()]
    np.testing.assert_array_equal(clean.x_train, noisy.x_train)
    np.testing.assert_array_equal(whole.x_test, noisy.x_test)


def test_label_noise_is_uniform_over_the_other_labels_and_follows_the_seed():
    """Each of the other labels is equally likely; the same seed hits the same samples."""
    settings = {"kind": "blobs", "centers": 4, "samples": 8000}
    clean = load_data(settings)
    noisy, again = (load_data({**settings, "label_noise": 1.0}) for _ in range(2))
    steps = (noisy.y_train - clean.y_train) % 4

    assert chisquare(np.bincount(steps, minlength=4)[1:]).pvalue > 0.001
    np.testing.assert_array_equal(noisy.y_train, again.y_train)


def test_standard_is_what_standard_scaler_does():
    """Features get the training set's mean 0 and deviation 1; validation and test are moved by the same numbers."""
    plain = load_data({**BLOBS, "validation": 50, "limit": 80})
    arrays = load_data({**BLOBS, "validation": 50, "limit": 80, "normalize": "standard"})
    scaler = StandardScaler().fit(plain.x_train.astype(np.float64))

    for name in ("x_train", "x_validation", "x_test"):
        np.testing.assert_allclose(scaler.transform(getattr(plain, name)), getattr(arrays, name), atol=1e-5)


def test_images_are_normalized_by_channel(tmp_path):
    """One mean and deviation a channel, over samples and pixels; a constant channel is only shifted."""
    x = np.random.default_rng(0).normal(5, 3, (20, 3, 4, 5)).astype(np.float32)
    x[:, 1] = 0.1
    np.savez(tmp_path / "a.npz", x_train=x, y_train=np.arange(20) % 2, x_test=x + 1, y_test=np.arange(20) % 2)
    arrays = load_data({"kind": "npz", "path": str(tmp_path / "a.npz"), "normalize": "standard"})

    np.testing.assert_allclose(arrays.x_train.mean(axis=(0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(arrays.x_train.std(axis=(0, 2, 3)), [1, 0, 1], atol=1e-5)
    np.testing.assert_allclose(arrays.x_test[:, 0] - arrays.x_train[:, 0], 1 / x[:, 0].std(), rtol=1e-4)
    np.testing.assert_allclose(arrays.x_test[:, 1], 1, rtol=1e-6)


def test_center_shifts_and_does_not_scale():
    """The training mean is gone from all parts, the deviations stay."""
    plain, arrays = load_data(BLOBS), load_data({**BLOBS, "normalize": "center"})
    mean = plain.x_train.mean(axis=0, dtype=np.float64)

    np.testing.assert_allclose(plain.x_train - mean, arrays.x_train, atol=1e-5)
    np.testing.assert_allclose(plain.x_test - mean, arrays.x_test, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"limit": 201}, "'limit' is 201, but there are only 200 samples to train on"),
        ({"limit": 5, "limit_per_class": 5}, "takes either 'limit' or 'limit_per_class', not both"),
        ({"limit_per_class": 51}, "'limit_per_class' is 51, but class 0 has only 50 samples to train on"),
        (
            {"limit_per_class": 50, "validation": 1},
            "'limit_per_class' takes 200 samples, but there are only 199 to train on",
        ),
        ({"limit": 101, "validation": 100}, "'limit' is 101, but there are only 100 samples to train on"),
        ({"validation": 200}, "'validation' takes 200 of 200 training samples, all"),
        ({"validation": 999}, "'validation' takes 999 of 200 training samples, all"),
        ({"validation": 100, "classes": [0, 1]}, "'validation' takes 100 of 100 training samples, all"),
        ({"classes": [0]}, r"'classes' is \[0\]; it must name two labels at least, each once"),
        ({"classes": []}, r"'classes' is \[\]; it must name two labels at least, each once"),
        ({"classes": [1, 2, 1]}, r"'classes' is \[1, 2, 1\]; it must name two labels at least, each once"),
        ({"classes": [0, 4]}, "'classes' names 4, but the labels are 0 to 3"),
        ({"classes": [0, -1]}, "'classes' names -1, but the labels are 0 to 3"),
    ],
)
def test_nonsense_is_refused_before_loading(arguments, says):
    """Asking for more than there is raises from `describe`, with the numbers."""
    with pytest.raises(ValueError, match=f"^{says}$"):
        describe({**BLOBS, **arguments})


@given(labels)
def test_ranks_count_earlier_samples_of_the_same_class(y):
    """Each rank is the count that a plain loop finds."""
    assert ranks(y).tolist() == [y[:position].tolist().count(label) for position, label in enumerate(y)]


@given(labels, st.data())
def test_balanced_takes_turns(y, data):
    """The chosen are distinct, in order, so many as asked; no class is ahead of another that still has samples by two."""
    count = data.draw(st.integers(1, len(y)))
    chosen = balanced(y, count)
    taken, there = np.bincount(y[chosen], minlength=5), np.bincount(y, minlength=5)

    assert len(chosen) == count
    assert (np.diff(chosen) > 0).all()
    unfinished = taken[taken < there]
    assert not len(unfinished) or taken.max() - unfinished.min() <= 1


@given(labels, st.floats(0.01, 0.99), st.integers(0, 9))
def test_stratified_parts_every_sample_once(y, share, seed):
    """Train and test together are all samples, and the test set has the counts asked for."""
    y = np.unique(y, return_inverse=True)[1]
    for_test = counts_for_test(np.bincount(y).tolist(), share)
    train, test = stratified(y, for_test, np.random.default_rng(seed))

    assert sorted([*train, *test]) == list(range(len(y)))
    assert np.bincount(y[test], minlength=len(for_test)).tolist() == for_test
    assert set(y[train]) == set(y)
