"""Samples that stay on disk: the same numbers as in memory, of archives, folders of arrays and pictures."""

from __future__ import annotations

import os

import numpy as np
import picture_files
import pytest

from dlbench.errors import SetupError
from dlbench.parts.datasets import describe, load_data, samples
from dlbench.parts.datasets.carried import packed
from dlbench.parts.datasets.normalize import statistics_of
from dlbench.parts.datasets.samples import OnDisk, stays_on_disk
from dlbench.plan.facts import measured
from dlbench.plan.native import why_torch_trains

RANDOM = np.random.default_rng(5)
ROWS = 60


def arrays(kind=np.float32, shape=(4,), *, numbers=False):
    """Four arrays as `npz` wants them."""
    x = RANDOM.normal(3, 2, (ROWS, *shape)) if kind != np.uint8 else RANDOM.integers(0, 256, (ROWS, *shape))
    y = RANDOM.normal(size=ROWS) if numbers else np.arange(ROWS) % 3
    x = x.astype(kind)
    return {"x_train": x[:40], "y_train": y[:40], "x_test": x[40:], "y_test": y[40:]}


def archive(folder, found):
    """Them in an archive."""
    np.savez(folder / "data.npz", **found)
    return {"kind": "npz", "path": str(folder / "data.npz")}


def files(folder, found):
    """Them in a file each."""
    for name, array in found.items():
        np.save(folder / f"{name}.npy", array)
    return {"kind": "npz", "path": str(folder)}


def pictures(folder, _):
    """A folder of pictures."""
    picture_files.write(folder, {"cat": 12, "dog": 14})
    return {"kind": "image_folder", "path": str(folder), "size": 6}


def read_whole(loaded):
    """Every array of a dataset, and whatever of it stays on disk read."""
    return {
        name: value.gather(slice(None)) if isinstance(value, OnDisk) else value
        for name, value in vars(loaded).items()
        if isinstance(value, OnDisk | np.ndarray)
    }


MADE = {
    "archive": (archive, arrays()),
    "doubles": (archive, arrays(np.float64)),
    "pixels": (archive, arrays(np.uint8, (5, 6, 3))),
    "bytes": (files, arrays(np.uint8, (5, 6))),
    "numbers": (files, arrays(np.float64, numbers=True)),
    "columns first": (files, {name: np.asfortranarray(one) for name, one in arrays().items()}),
    "together": (files, {"x": arrays()["x_train"], "y": arrays()["y_train"]}),
    "pictures": (pictures, None),
}


@pytest.mark.parametrize("normalize", ["none", "center", "standard"])
@pytest.mark.parametrize("made", MADE)
def test_what_is_read_from_disk_is_what_memory_would_hold(tmp_path, monkeypatch, made, normalize):
    """Every split, shifted and scaled, has the same bits, and so has every fact, though all is gone through in small pieces."""
    monkeypatch.setattr(samples, "CHUNK", 30)
    write, found = MADE[made]
    settings = write(tmp_path, found) | {"normalize": normalize, "validation": 9, "limit": 8}
    in_memory, on_disk = ({**settings, "held": held} for held in ("memory", "disk"))
    loaded, left = load_data(in_memory, everything=True), load_data(on_disk, everything=True)

    assert all(isinstance(x, OnDisk) for x in (left.x_train, left.x_test, left.x_validation, left.x_all))
    expected, read = read_whole(loaded), read_whole(left)
    assert expected.keys() == read.keys()
    for name, array in expected.items():
        assert array.dtype == read[name].dtype
        assert array.tobytes() == read[name].tobytes(), name
    source = describe(on_disk)
    assert (source.on_disk, describe(in_memory).on_disk) == (True, False)
    facts = [measured(one, describe(one), arrays) for one, arrays in ((in_memory, loaded), (on_disk, left))]
    assert facts[0].ranges == facts[1].ranges
    assert facts[0].sha256 == facts[1].sha256
    assert facts[0].repeated == facts[1].repeated
    assert {name: len(one) for name, one in (("train", left.x_train), ("test", left.x_test))} == {
        "train": source.train,
        "test": source.test,
    }


@pytest.mark.parametrize("shape", [(7,), (3, 4, 5)])
def test_statistics_in_pieces_are_those_of_numpy(monkeypatch, shape):
    """Mean and deviation of many small pieces are those of all samples in float64, however far from zero they lie."""
    monkeypatch.setattr(samples, "CHUNK", 100)
    x = RANDOM.normal(1000, 0.5, (200, *shape))
    axes = (0, *range(2, x.ndim))
    mean, std = statistics_of(x)

    np.testing.assert_allclose(mean, x.mean(axis=axes, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(std, x.std(axis=axes, keepdims=True), rtol=1e-11)


def test_small_data_goes_to_memory_and_large_data_stays(tmp_path):
    """Left to itself a dataset goes by its size alone: beyond 2 GiB in float32 it stays on disk."""
    assert not describe(archive(tmp_path, arrays())).on_disk
    assert stays_on_disk("auto", (1 << 31) // 16 + 1, (4,))
    assert not stays_on_disk("auto", (1 << 31) // 16, (4,))
    assert not stays_on_disk("memory", 1 << 40, (4,))


def test_a_compressed_archive_cannot_stay_on_disk(tmp_path):
    """What cannot be read row by row is refused with what to do, and is read into memory where nobody asks for the disk."""
    np.savez_compressed(tmp_path / "small.npz", **arrays())
    settings = {"kind": "npz", "path": str(tmp_path / "small.npz")}
    with pytest.raises(SetupError, match=r"small\.npz: its arrays are compressed, .* numpy\.savez instead of .*unzip"):
        describe({**settings, "held": "disk"})
    assert not describe(settings).on_disk


def test_samples_and_labels_without_a_split_are_split_by_their_seed(tmp_path):
    """A share of each class of `x` and `y` is the test set; another seed chooses others, and no sample is in both."""
    x, y = np.arange(40.0)[:, None], np.arange(40) % 2
    settings = files(tmp_path, {"x": x, "y": y}) | {"test_share": 0.25}
    one, other = (load_data({**settings, "seed": seed}) for seed in (0, 1))

    assert sorted(np.concatenate([one.x_train, one.x_test])[:, 0].tolist()) == x[:, 0].tolist()
    assert np.array_equal(one.y_test, one.x_test[:, 0].astype(int) % 2)
    assert np.bincount(one.y_test).tolist() == [5, 5]
    assert not np.array_equal(one.x_test, other.x_test)


def test_a_share_that_leaves_nothing_is_told(tmp_path):
    """No test sample at all is a mistake of the recipe."""
    settings = files(tmp_path, {"x": np.ones((4, 1)), "y": np.arange(4) % 2})
    with pytest.raises(ValueError, match=r"'test_share' 0\.1 of 4 samples leaves none to test on"):
        describe({**settings, "test_share": 0.1})


def test_a_number_that_is_none_is_told_when_it_is_read(tmp_path):
    """A NaN on disk is an error that says where it stands in the file."""
    found = arrays()
    found["x_train"][17, 2] = np.nan
    loaded = load_data(archive(tmp_path, found) | {"held": "disk"})
    with pytest.raises(SetupError, match=r"data\.npz: 'x_train' is nan at \[17, 2\]; every number must be finite"):
        loaded.x_train.gather(np.array([3, 17]))


def test_a_file_that_became_shorter_is_an_error_and_no_crash(tmp_path):
    """What was cut while a run reads it is told in words, not by a signal of the system."""
    loaded = load_data(files(tmp_path, arrays()) | {"held": "disk"})
    loaded.x_test.gather(slice(3))
    os.truncate(tmp_path / "x_test.npy", 200)
    with pytest.raises(SetupError, match=r"x_test\.npy has become shorter while it was read"):
        loaded.x_test.gather(slice(3))


def test_a_file_that_is_replaced_stays_what_it_was(tmp_path):
    """Whoever writes the data anew while a run reads it does not change what the run sees."""
    found = arrays()
    loaded = load_data(files(tmp_path, found) | {"held": "disk"})
    loaded.x_test.gather(slice(1))
    np.save(tmp_path / "new.npy", found["x_test"] + 1)
    (tmp_path / "new.npy").replace(tmp_path / "x_test.npy")

    assert np.array_equal(loaded.x_test.gather(slice(None)), found["x_test"])


def test_a_picture_that_breaks_is_told_by_its_name(tmp_path):
    """Of pictures that are decoded on demand a damaged one is an error when its turn comes."""
    loaded = load_data(pictures(tmp_path, None) | {"held": "disk"})
    for file in (tmp_path / "cat").iterdir():
        file.write_bytes(b"no picture")
    with pytest.raises(SetupError, match=r"cat/\d+\.png cannot be read as a picture"):
        loaded.x_train.gather(slice(None))


def test_a_sample_that_does_not_fit_is_refused_even_from_disk(tmp_path):
    """A batch has one sample at least."""
    with pytest.raises(ValueError, match=r"a sample of this data takes 11,175\.9 GiB of memory, but .* are free here$"):
        describe(pictures(tmp_path, None) | {"held": "disk", "size": 1_000_000})


def test_what_stays_on_disk_is_not_carried(tmp_path):
    """Other machines must see it themselves."""
    settings = archive(tmp_path, arrays())
    with pytest.raises(SetupError, match=r"data\.npz stays on disk, and is not carried to other machines"):
        packed("npz", {"path": settings["path"], "held": "disk"})


def test_the_native_loop_takes_nothing_from_disk(tmp_path):
    """It needs all samples in memory, so torch trains, and the plan says why."""
    from cases import dense, settings

    own = settings([dense(3)], data=archive(tmp_path, arrays()) | {"held": "disk"})
    assert why_torch_trains(own) == "its data stays on disk"
