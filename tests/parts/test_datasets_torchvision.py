"""Pictures as torchvision reads and resizes them, bit for bit. In one file, since its import takes five seconds."""

from __future__ import annotations

import warnings

import cifar_files
import numpy as np
import picture_files
import pytest

from dlbench.parts.datasets import describe, load_data
from dlbench.parts.datasets.cifar import CIFAR10, TEST, TRAIN
from dlbench.parts.datasets.pictures import EXTENSIONS


def test_the_files_are_torchvisions_and_of_their_published_sizes():
    """Names, folder and archive are those of torchvision's class; the description counts 50,000 and 10,000 samples."""
    from torchvision.datasets import CIFAR10 as THEIRS

    names = [name for name, _ in THEIRS.train_list + THEIRS.test_list] + [THEIRS.meta["filename"]]
    source = describe({"kind": "cifar10"})

    assert [f"{THEIRS.base_folder}/{name}" for name in names] == list(CIFAR10.files)
    assert (THEIRS.__name__, THEIRS.filename) == (CIFAR10.torchvision, CIFAR10.archive)
    assert (source.shape, source.classes, source.train, source.test) == ((3, 32, 32), 10, 50_000, 10_000)
    # What `ls -l cifar-10-batches-py` adds up to.
    assert sum(TRAIN.values()) + sum(TEST.values()) == 186_213_868


@pytest.mark.parametrize("part", ["train", "test"])
def test_samples_are_those_of_torchvisions_class(tmp_path, monkeypatch, part):
    """From the same files torchvision's CIFAR10 and ToTensor give the same pixels and labels in the same order, bit for bit."""
    from torchvision.datasets import CIFAR10 as THEIRS
    from torchvision.transforms.functional import to_tensor

    home = cifar_files.small(tmp_path, monkeypatch)
    lists = {
        which: [[name, cifar_files.checksum(home / name)] for name, _ in getattr(THEIRS, which)]
        for which in ("train_list", "test_list")
    }
    meta = {**THEIRS.meta, "md5": cifar_files.checksum(home / "batches.meta")}
    ours = type("Ours", (THEIRS,), {**lists, "meta": meta})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy 2.4 warns of how numpy 1 wrote types
        theirs = ours(home.parent, train=part == "train", download=False)
    arrays = load_data({"kind": "cifar10", "folder": str(tmp_path)})
    x, y = getattr(arrays, f"x_{part}"), getattr(arrays, f"y_{part}")

    assert theirs.targets == y.tolist()
    for sample, (picture, _) in zip(x, theirs, strict=True):
        np.testing.assert_array_equal(sample, to_tensor(picture).numpy())


def test_extensions_are_torchvisions():
    """The same files are pictures for us and for torchvision."""
    from torchvision.datasets.folder import IMG_EXTENSIONS

    assert sorted(IMG_EXTENSIONS) == sorted(EXTENSIONS)


def rows(x, y):
    """Samples with their labels in an order that hangs on nothing else."""
    return sorted(zip(x.reshape(len(x), -1).tolist(), map(int, y), strict=True))


@pytest.mark.parametrize("grayscale", [False, True])
@pytest.mark.parametrize("size", [None, 4, 12, [3, 11]])
@pytest.mark.parametrize(
    ("suffix", "mode"), [(".png", "RGB"), (".JPG", "RGB"), (".png", "P"), (".png", "RGBA"), (".pgm", "L")]
)
def test_samples_are_those_of_image_folder(tmp_path, grayscale, size, suffix, mode):
    """torchvision's ImageFolder with Grayscale, Resize and ToTensor gives the same pixels and labels, bit for bit."""
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import Compose, Grayscale, Resize, ToTensor

    for part in ("train", "test"):
        picture_files.write(tmp_path / part, {"b": 4, "a/deep": 2, "a": 1, "C": 2}, suffix=suffix, mode=mode)
    steps = [Grayscale()] if grayscale else []
    steps += [Resize([size, size] if isinstance(size, int) else size)] if size else []
    theirs = {part: list(ImageFolder(tmp_path / part, Compose([*steps, ToTensor()]))) for part in ("train", "test")}
    source = describe({"kind": "image_folder", "path": str(tmp_path), "size": size, "grayscale": grayscale})
    arrays = source.load()

    assert source.shape == tuple(theirs["train"][0][0].shape)
    assert arrays.y_test.tolist() == [label for _, label in theirs["test"]]
    np.testing.assert_array_equal(arrays.x_test, np.stack([picture.numpy() for picture, _ in theirs["test"]]))
    x = np.stack([picture.numpy() for picture, _ in theirs["train"]])
    assert rows(x, [label for _, label in theirs["train"]]) == rows(arrays.x_train, arrays.y_train)
