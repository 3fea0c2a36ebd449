"""The datasets themselves: one battery over the catalogue, then each against its definition or an independent oracle."""

from __future__ import annotations

import dataclasses
import os
import runpy
import subprocess
import sys
from pathlib import Path

import cifar_files
import numpy as np
import picture_files
import pytest
from scipy.stats import kstest

from dlbench.parts.datasets import COMMON, DATASETS, describe, load_data
from dlbench.parts.datasets.digits import FILE

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("DLBENCH_DATA", ROOT.parent / "shared" / "data"))
MEMBERS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}


@pytest.fixture
def settings(request, tmp_path, monkeypatch):
    """Settings of the dataset named by the parameter, with the files that it needs."""
    name = request.param
    if name in MEMBERS:
        if not (DATA / MEMBERS[name] / "raw").is_dir():
            pytest.skip(f"no {MEMBERS[name]}/raw in {DATA}")
        return {"kind": name, "folder": str(DATA)}
    if name == "cifar10":
        cifar_files.small(tmp_path, monkeypatch)
        return {"kind": name, "folder": str(tmp_path)}
    if name == "image_folder":
        picture_files.write(tmp_path / "pictures", {"cat": 9, "dog": 8, "eel": 7})
        return {"kind": name, "path": str(tmp_path / "pictures"), "size": [5, 4]}
    random = np.random.default_rng(1)
    x, y = random.normal(size=(60, 3)), np.arange(60) % 3
    if name == "npz":
        path = tmp_path / "some.npz"
        np.savez(path, x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
        return {"kind": name, "path": str(path)}
    if name == "csv":
        path = tmp_path / "some.csv"
        np.savetxt(path, np.column_stack([x, y]), delimiter=",")
        return {"kind": name, "path": str(path)}
    return {"kind": name}


every_dataset = pytest.mark.parametrize("settings", DATASETS.names, indirect=True)


@every_dataset
def test_arrays_have_the_shapes_types_and_counts_that_the_description_promises(settings):
    """What `load_data` returns is what `describe` says: x in float32, labels 0..classes-1, each one present, or finite targets."""
    source, arrays = describe(settings), load_data(settings)

    assert source.missing() is None
    assert arrays.x_train.shape == (source.train, *source.shape)
    assert arrays.x_test.shape == (source.test, *source.shape)
    assert arrays.x_train.dtype == arrays.x_test.dtype == np.float32
    if source.targets:
        targets_are_as_described(source, arrays)
    else:
        labels_are_as_described(source, arrays)
    assert arrays.x_validation is None
    assert arrays.y_validation is None
    assert np.isfinite(arrays.x_train).all()
    assert np.isfinite(arrays.x_test).all()


def labels_are_as_described(source, arrays):
    """Whole numbers, as many of each class as it says."""
    assert arrays.y_train.dtype == arrays.y_test.dtype == np.int64
    assert tuple(np.bincount(arrays.y_train)) == source.train_per_class
    assert tuple(np.bincount(arrays.y_test)) == source.test_per_class
    assert len(source.train_per_class) == source.classes


def targets_are_as_described(source, arrays):
    """A finite number a sample and target."""
    assert arrays.y_train.shape == (source.train, len(source.targets))
    assert arrays.y_test.shape == (source.test, len(source.targets))
    assert arrays.y_train.dtype == arrays.y_test.dtype == np.float32
    assert np.isfinite(arrays.y_train).all()
    assert np.isfinite(arrays.y_test).all()


@every_dataset
def test_loading_twice_gives_the_same_arrays_and_changing_one_leaves_the_other(settings):
    """A dataset is a function of its settings; its arrays are the caller's own."""
    first = load_data(settings)
    copies = [array.copy() for array in (first.x_train, first.y_train, first.x_test, first.y_test)]
    first.x_train[:] = np.nan
    first.x_test[:] = np.nan
    again = load_data(settings)

    for expected, array in zip(copies, (again.x_train, again.y_train, again.x_test, again.y_test), strict=True):
        np.testing.assert_array_equal(expected, array)


@pytest.mark.parametrize("limit", [{"limit": 2}, {"limit_per_class": 1}], ids=["limit", "limit_per_class"])
@every_dataset
def test_every_common_argument_fits_every_dataset(settings, limit):
    """With all common arguments at once, counts and shapes are still the described ones."""
    of_classes = {**limit, "classes": [1, 0], "label_noise": 0.5}
    of_numbers = bool(describe(settings).targets)
    both = {**settings, "validation": 1, "normalize": "standard", **({"limit": 2} if of_numbers else of_classes)}
    source, arrays = describe(both), load_data(both)

    assert (source.classes, source.train, source.validation) == (0 if of_numbers else 2, 2, 1)
    assert arrays.x_train.shape == (2, *source.shape)
    assert arrays.x_validation is not None
    assert arrays.x_validation.shape == (1, *source.shape)
    assert arrays.x_test.shape == (source.test, *source.shape)
    assert of_numbers or set(arrays.y_test) <= {0, 1}


@pytest.mark.parametrize("part", DATASETS, ids=DATASETS.names)
def test_no_dataset_has_an_argument_of_its_own_that_all_of_them_take(part):
    """Own and common arguments can be merged into one signature, and every one of a dataset's own is typed."""
    assert not part.arguments.keys() & COMMON.keys()
    assert all(argument.annotation is not argument.empty for argument in part.arguments.values())
    assert part.traits["origin"] in {"on board", "file", "download"}
    assert ("download" in part.traits) == (part.traits["origin"] == "download")


def test_describing_and_loading_imports_neither_torch_nor_sklearn():
    """In a fresh interpreter, every dataset that needs no path is described, and digits loaded, without torch and sklearn."""
    code = (
        "import sys; from dlbench.parts.datasets import DATASETS, describe, load_data\n"
        "[describe({'kind': p.name}) for p in DATASETS if p.traits['origin'] != 'file']; load_data({'kind': 'digits'})\n"
        "print([name for name in ('torch', 'torchvision', 'sklearn', 'scipy') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"


def test_xor_is_the_four_corners():
    """Without noise xor is its truth table, to train and to test."""
    arrays = load_data({"kind": "xor"})

    for x, y in ((arrays.x_train, arrays.y_train), (arrays.x_test, arrays.y_test)):
        assert [(int(a), int(b), int(c)) for (a, b), c in zip(x, y, strict=True)] == [
            (a, b, a ^ b) for a in (0, 1) for b in (0, 1)
        ]


def test_xor_noise_is_gaussian_around_the_corners_and_its_test_set_stays_clean():
    """The distance of a training point to its corner is normal with the deviation asked for."""
    arrays = load_data({"kind": "xor", "noise": 0.25, "copies": 2000, "seed": 3})
    corners = np.tile([[0, 0], [0, 1], [1, 0], [1, 1]], (2000, 1))

    assert kstest(((arrays.x_train - corners) / 0.25).ravel(), "norm").pvalue > 0.001
    assert set(map(tuple, arrays.x_test.tolist())) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_spiral_without_noise_can_be_unwound():
    """The angle of a point, its winding undone, is its arm's; the radius is uniform in 0..1."""
    arms, turns = 3, 1.7
    arrays = load_data({"kind": "spirals", "arms": arms, "turns": turns, "noise": 0.0, "samples": 3000})
    radius = np.hypot(*arrays.x_train.T.astype(np.float64))
    angle = np.arctan2(*arrays.x_train.T.astype(np.float64)) / (2 * np.pi)
    off = (angle - radius * turns - arrays.y_train / arms + 0.5) % 1 - 0.5

    assert np.abs(off[radius > 1e-3]).max() < 1e-4
    assert kstest(radius, "uniform").pvalue > 0.001


def test_the_noise_of_spirals_is_gaussian_in_the_angle():
    """What the winding leaves unexplained is normal with the deviation asked for."""
    arrays = load_data({"kind": "spirals", "arms": 2, "turns": 1.0, "noise": 0.2, "samples": 4000, "seed": 5})
    radius = np.hypot(*arrays.x_test.T.astype(np.float64))
    angle = np.arctan2(*arrays.x_test.T.astype(np.float64))
    off = (angle - 2 * np.pi * (radius + arrays.y_test / 2) + np.pi) % (2 * np.pi) - np.pi

    assert kstest(off / 0.2, "norm").pvalue > 0.001


def test_blobs_follow_the_law_of_make_blobs():
    """Around each class's middle, ours and scikit-learn's points are drawn from one distribution."""
    from scipy.stats import ks_2samp
    from sklearn.datasets import make_blobs

    arrays = load_data({"kind": "blobs", "centers": 4, "samples": 4000, "features": 3, "spread": 2.0, "seed": 1})
    middles = np.stack([arrays.x_train[arrays.y_train == label].mean(axis=0) for label in range(4)])
    theirs, labels = make_blobs(4000, centers=middles, cluster_std=2.0, random_state=0)

    assert np.abs(middles).max() <= 10.5
    for x, y in ((arrays.x_train, arrays.y_train), (arrays.x_test, arrays.y_test)):
        for label in range(4):
            for feature in range(3):
                ours = x[y == label, feature]
                assert ks_2samp(ours, theirs[labels == label, feature]).pvalue > 0.0005
                assert ours.std() == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("kind", ["spirals", "blobs"])
def test_train_and_test_are_two_draws_and_seeds_differ(kind):
    """No test point is a training point, and another seed is another dataset."""
    first, other = load_data({"kind": kind, "seed": 0}), load_data({"kind": kind, "seed": 1})

    assert not set(map(tuple, first.x_train.tolist())) & set(map(tuple, first.x_test.tolist()))
    assert not np.array_equal(first.x_train, other.x_train)


@pytest.mark.parametrize(("kind", "classes"), [("spirals", "arms"), ("blobs", "centers")])
def test_too_few_samples_for_the_classes_are_refused(kind, classes):
    """A class without a sample is no class."""
    with pytest.raises(ValueError, match="'samples' is 4, too few for 5"):
        describe({"kind": kind, "samples": 4, classes: 5})


def test_digits_are_those_of_scikit_learn():
    """Train and test together are exactly `load_digits`, each sample once with its label."""
    from sklearn.datasets import load_digits

    arrays, theirs = load_data({"kind": "digits", "seed": 4}), load_digits()
    x = np.concatenate([arrays.x_train, arrays.x_test]).reshape(-1, 64) * 16
    ours = np.column_stack([x, np.concatenate([arrays.y_train, arrays.y_test])])
    expected = np.column_stack([theirs.data, theirs.target])

    assert sorted(map(tuple, ours.tolist())) == sorted(map(tuple, expected.tolist()))


def test_the_file_of_digits_is_what_its_script_writes(tmp_path):
    """docs/make_digits.py writes the same bytes each time, and the numbers in them are those that the package carries."""
    writing = runpy.run_path(str(ROOT / "docs" / "make_digits.py"))["write"]
    for name in ("first", "again"):
        with (tmp_path / name).open("wb") as file:
            writing(file)

    assert (tmp_path / "first").read_bytes() == (tmp_path / "again").read_bytes()
    with np.load(tmp_path / "first") as made, np.load(FILE) as carried:
        assert made.files == carried.files
        for name in made.files:
            np.testing.assert_array_equal(made[name], carried[name], strict=True)


def test_digits_test_set_is_a_fifth_of_each_class_and_follows_the_seed():
    """The split is stratified, fixed by the seed, and another one under another seed."""
    first, other = load_data({"kind": "digits"}), load_data({"kind": "digits", "seed": 1})

    np.testing.assert_allclose(
        np.bincount(first.y_test) / np.bincount(np.r_[first.y_train, first.y_test]), 0.2, atol=0.005
    )
    assert not np.array_equal(first.x_test, other.x_test)


def test_data_that_cannot_fit_the_memory_is_refused_with_a_number():
    """A million blobs of ten million features are an error before any is made."""
    with pytest.raises(ValueError, match=r"this data takes 74,505\.8 GiB of memory, but .* GiB are free here"):
        describe({"kind": "blobs", "samples": 1_000_000, "features": 10_000_000})


def test_a_source_cannot_be_changed():
    """Descriptions are frozen, so that they can be shared."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        describe({"kind": "xor"}).train = 5
