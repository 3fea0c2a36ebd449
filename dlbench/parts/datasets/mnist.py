"""MNIST and its family: torchvision's folders, downloads and checksums, read by numpy.

torchvision's own class would read the same bytes, but importing it costs four seconds on top of torch (it pulls in
`torch._dynamo`), in every worker; so it only downloads.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.datasets.base import DATASETS, Arrays, Labels, Source
from dlbench.parts.datasets.folders import Download
from dlbench.parts.datasets.samples import Floats

SIDE = 28
HEADER = {"images": struct.Struct(">4i"), "labels": struct.Struct(">2i")}
MAGIC = {"images": 2051, "labels": 2049}


def _files(folder: str) -> dict[str, int]:
    """The four files of the family, with their bytes: a header, then a byte a pixel or label."""
    sizes = {f"{part}-images-idx3-ubyte": 16 + count * SIDE**2 for part, count in (("train", 60000), ("t10k", 10000))}
    sizes |= {f"{part}-labels-idx1-ubyte": 8 + count for part, count in (("train", 60000), ("t10k", 10000))}
    return {f"{folder}/raw/{name}": size for name, size in sizes.items()}


MNIST = Download("mnist", "MNIST", _files("MNIST"))
MNIST_TRAIN = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
MNIST_TEST = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
FASHION_MNIST = Download("fashion_mnist", "FashionMNIST", _files("FashionMNIST"))


@DATASETS.add(origin="download", download=MNIST)
def mnist(*, folder: str | None = None) -> Source:
    """Handwritten digits, 60,000 to train and 10,000 to test (LeCun, Cortes & Burges 1998).

    Samples are `(1, 28, 28)`, pixels 0..1. `folder` is searched first, then DLBENCH_DATA, ./data and the user's cache,
    each for `MNIST/raw` as torchvision lays it out.
    """
    return _source(MNIST, folder, MNIST_TRAIN, MNIST_TEST)


@DATASETS.add(origin="download", download=FASHION_MNIST)
def fashion_mnist(*, folder: str | None = None) -> Source:
    """Ten kinds of clothing in MNIST's format, 60,000 to train and 10,000 to test (Xiao, Rasul & Vollgraf 2017).

    Samples are `(1, 28, 28)`, pixels 0..1. `folder` is searched first, then DLBENCH_DATA, ./data and the user's cache,
    each for `FashionMNIST/raw` as torchvision lays it out.
    """
    return _source(FASHION_MNIST, folder, (6000,) * 10, (1000,) * 10, CLOTHES)


def _source(
    download: Download,
    folder: str | None,
    train: tuple[int, ...],
    test: tuple[int, ...],
    class_names: tuple[str, ...] = (),
) -> Source:
    def load() -> Arrays:
        found = download.find(folder)
        assert found is not None
        raw = found / download.home
        return Arrays(
            _images(raw / "train-images-idx3-ubyte"),
            _labels(raw / "train-labels-idx1-ubyte", train),
            _images(raw / "t10k-images-idx3-ubyte"),
            _labels(raw / "t10k-labels-idx1-ubyte", test),
        )

    return Source.of((1, SIDE, SIDE), train, test, load, lambda: download.missing(folder), class_names=class_names)


def _images(path: Path) -> Floats:
    """`[samples, 1, 28, 28]`, pixels 0..1."""
    pixels = _bytes_after_header(path, "images").reshape(-1, 1, SIDE, SIDE)
    return np.divide(pixels, 255, dtype=np.float32)


def _labels(path: Path, per_class: tuple[int, ...]) -> Labels:
    """`[samples]`; refuses labels that are not as many of each class as the dataset has."""
    labels = _bytes_after_header(path, "labels").astype(np.int64)
    if tuple(np.bincount(labels).tolist()) != per_class:
        raise SetupError(f"{path} does not hold this dataset's labels; delete it and fetch the dataset again")
    return labels


def _bytes_after_header(path: Path, what: str) -> NDArray[np.uint8]:
    """The body of an idx file (http://yann.lecun.com/exdb/mnist): big-endian magic number and sizes, then the bytes."""
    content = path.read_bytes()
    header = HEADER[what]
    magic, *sizes = header.unpack_from(content)
    if magic != MAGIC[what] or np.prod(sizes) != len(content) - header.size:
        raise SetupError(f"{path} is not an idx file of {what}; delete it and fetch the dataset again")
    return np.frombuffer(content, dtype=np.uint8, offset=header.size)
