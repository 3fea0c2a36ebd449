"""Folders of pictures: what is a class, a sample, a test set; and every wrong folder gets one clear text."""

from __future__ import annotations

import os
import shutil

import numpy as np
import picture_files
import pytest
from PIL import Image

from dlbench.errors import SetupError
from dlbench.parts.datasets import describe, load_data
from dlbench.recipe.parts import settings_of


@pytest.fixture
def root(tmp_path):
    """Pictures of three classes to train on and to test on."""
    picture_files.write(tmp_path / "animals" / "train", {"eel": 3, "cat": 6, "dog": 5})
    picture_files.write(tmp_path / "animals" / "test", {"cat": 2, "dog": 1, "eel": 4})
    return tmp_path / "animals"


def settings(root, **arguments):
    """Settings of a folder."""
    return {"kind": "image_folder", "path": str(root), **arguments}


def rows(x, y):
    """Samples with their labels in an order that hangs on nothing else."""
    return sorted(zip(x.reshape(len(x), -1).tolist(), y.tolist(), strict=True))


def test_train_and_test_are_the_folders_of_that_name(root):
    """Counts are those of the files, classes numbered in sorted order, also where the test set has none of one."""
    shutil.rmtree(root / "test" / "dog")
    source = describe(settings(root))

    assert (source.classes, source.train, source.test, source.shape) == (3, 14, 6, (3, 9, 7))
    assert (source.train_per_class, source.test_per_class) == ((6, 5, 3), (2, 0, 4))


def test_training_samples_are_shuffled_by_the_seed(root):
    """The end of the training set holds more than the last class, so that validation can be split off; a seed is an order."""
    picture_files.write(root / "train" / "cat", {"more": 40})
    picture_files.write(root / "train" / "dog", {"more": 40})
    first, again, other = (load_data(settings(root, seed=seed)).y_train for seed in (0, 0, 1))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert set(first[-30:]) >= {0, 1}


def test_without_train_and_test_each_class_is_split_by_the_seed(tmp_path):
    """The test share of each class is held out, every picture is on one side, and another seed is another split."""
    picture_files.write(tmp_path, {"a": 10, "b": 20, "train": 5})
    source = describe(settings(tmp_path, test_share=0.4))
    whole, other = (load_data(settings(tmp_path, test_share=0.4, seed=seed)) for seed in (0, 1))
    everything = [
        rows(np.r_[split.x_train, split.x_test], np.r_[split.y_train, split.y_test]) for split in (whole, other)
    ]

    assert (source.train_per_class, source.test_per_class) == ((6, 12, 3), (4, 8, 2))
    assert np.bincount(whole.y_test).tolist() == [4, 8, 2]
    assert everything[0] == everything[1]
    assert len({str(row) for row in everything[0]}) == 35
    assert rows(whole.x_test, whole.y_test) != rows(other.x_test, other.y_test)


def test_hidden_things_and_other_files_are_passed_over(root):
    """Folders and files that begin with a dot, and files that are no pictures, are neither classes nor samples."""
    before = describe(settings(root))
    for folder in (root, root / "train", root / "train" / "cat"):
        (folder / ".ipynb_checkpoints").mkdir()
        (folder / ".ipynb_checkpoints" / "0.png").write_bytes(b"")
        (folder / "labels.csv").write_text("0")
    (root / "train" / "cat" / "._0.png").write_bytes(b"")

    assert describe(settings(root)).train_per_class == before.train_per_class


def test_a_folder_is_found_from_here_and_in_the_data_folders(root, tmp_path, monkeypatch):
    """A relative path is seen from the current folder, then from DLBENCH_DATA; else the text says where it was sought."""
    monkeypatch.setenv("DLBENCH_DATA", str(tmp_path))
    assert describe(settings("animals")).classes == 3
    monkeypatch.chdir(root)
    assert describe(settings("../animals")).classes == 3
    with pytest.raises(SetupError) as caught:
        describe(settings("animls"))
    assert str(caught.value).startswith(f"no folder 'animls': looked in {root}, {tmp_path}, {root}/data, ")


def emptied(folder):
    """Take every file of a folder away."""
    for file in folder.iterdir():
        file.unlink()


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda root: shutil.rmtree(root / "test"), "{root} has 'train' but no 'test'; it needs both, or a folder for each class"),
        (lambda root: shutil.rmtree(root / "train"), "{root} has 'test' but no 'train'; it needs both"),
        (lambda root: [shutil.rmtree(root / "train" / name) for name in ("cat", "dog", "eel")],
         "{root}/train has no class folder; pictures must be in {root}/train/CLASS/, with at least two classes"),
        (lambda root: [shutil.rmtree(root / "train" / name) for name in ("cat", "dog")],
         "{root}/train has one class folder, 'eel'; pictures must be in"),
        (lambda root: emptied(root / "train" / "dog"), "{root}/train/dog has no picture; its files must end in .jpg, .jpeg, "),
        (lambda root: (root / "test" / "fly").mkdir(), "{root}/test has the class 'fly', which {root}/train does not have"),
        (lambda root: [emptied(root / "test" / name) for name in ("cat", "dog", "eel")], "{root}/test has no picture; "),
    ],
)  # fmt: skip
def test_a_wrong_folder_is_told_when_it_is_described(root, break_it, says):
    """What is missing is named with the folder it is missing in, before anything is loaded."""
    break_it(root)
    with pytest.raises(SetupError) as caught:
        describe(settings(root, size=4))
    assert str(caught.value).startswith(says.format(root=root))


@pytest.mark.parametrize("keep", [0, 8, 30, 100, 150])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_picture_that_cannot_be_read_is_named(tmp_path, suffix, keep):
    """However much of a picture is left, the text says which one it is and what to do."""
    for part in ("train", "test"):
        picture_files.write(tmp_path / part, {"a": 2, "b": 2}, suffix=suffix)
    broken = tmp_path / "test" / "b" / f"1{suffix}"
    os.truncate(broken, keep)
    with pytest.raises(SetupError) as caught:
        load_data(settings(tmp_path))
    assert str(caught.value).startswith(f"{broken} cannot be read as a picture (")
    assert str(caught.value).endswith("); repair or remove it")


def test_pictures_of_several_sizes_are_found_before_any_is_loaded(root):
    """The text has every size with its count and a picture of it, and the argument that makes them one; with it they load."""
    odd = root / "test" / "cat" / "0.png"
    Image.new("RGB", (6, 8)).save(odd)
    with pytest.raises(SetupError) as caught:
        describe(settings(root))
    text = str(caught.value)
    assert text.startswith(f"{root} has pictures of 2 sizes (height x width): 9 x 7 (20, such as {root}/train/")
    assert text.endswith(f".png), 8 x 6 (1, such as {odd}); give a 'size' for all, such as size = 9")
    assert load_data(settings(root, size=9)).x_test.shape == (7, 3, 9, 9)


def test_a_share_that_leaves_nothing_to_test_on_is_a_value_error(tmp_path):
    """What the recipe has wrong, the folder being fine, can be told at the recipe's line."""
    picture_files.write(tmp_path, {"a": 2, "b": 1})
    with pytest.raises(
        ValueError,
        match=r"^'test_share' 0.1 of 3 pictures leaves no sample to test on; more of them, or a larger share, do$",
    ):
        describe(settings(tmp_path, test_share=0.1))


def test_pictures_that_cannot_fit_the_memory_are_refused_with_a_number(root):
    """A size of a million is an error before a picture is resized."""
    with pytest.raises(ValueError, match=r"this data takes 234,693\.3 GiB of memory, but .* GiB are free here"):
        describe(settings(root, size=1_000_000, held="memory"))


@pytest.mark.parametrize("size", [0, -1, 1.5, "8", [8], [8, 8, 8], [8, 0], [], True])
def test_a_size_that_is_none_is_refused_in_one_sentence(size):
    """A size is one number or two, from 1 up, and its mistake is told at its own place."""
    from pydantic import ValidationError

    from dlbench.recipe.validation import mistakes_in

    with pytest.raises(ValidationError) as caught:
        settings_of("datasets", {"kind": "image_folder", "path": "here", "size": size})
    ((path, what),) = mistakes_in(caught.value)
    assert path == ("size",)
    assert what.startswith("takes a whole number of at least 1, or two of them as [height, width], not ")
