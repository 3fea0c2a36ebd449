"""Pictures of one's own, in a folder a class."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.parts.arguments import Sides
from dlbench.parts.datasets.base import DATASETS, Arrays, Labels, Source, stream
from dlbench.parts.datasets.folders import locate_folder
from dlbench.parts.datasets.samples import Floats, Held, Numbers, OnDisk, stays_on_disk
from dlbench.parts.datasets.splits import counts_for_test, stratified

if TYPE_CHECKING:
    from PIL.Image import Image

EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""How a picture's name ends, in small letters or large ones: torchvision's list."""

SIZES = 4
"""So many sizes are told of pictures that should have one."""


@dataclass(frozen=True)
class PictureSplit:
    """Files and their labels: training samples shuffled, since a folder lists one class after the other."""

    train: list[Path]
    y_train: Labels
    test: list[Path]
    y_test: Labels
    names: list[str]


@dataclass(frozen=True)
class PictureForm:
    """What every picture becomes; `is_fixed` where they must have that size already, `example` being one that has."""

    height: int
    width: int
    grayscale: bool
    is_fixed: bool
    example: Path

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one sample."""
        return (1 if self.grayscale else 3, self.height, self.width)


@DATASETS.add(origin="file")
def image_folder(
    *,
    path: str,
    size: Sides | None = None,
    grayscale: bool = False,
    held: Held = "auto",
    test_share: Annotated[float, Gt(0), Lt(1)] = 0.2,
    seed: Annotated[int, Ge(0)] = 0,
) -> Source:
    """Pictures at `path/train/CLASS/...` and `path/test/CLASS/...`, or all at `path/CLASS/...`, of which some are the test set.

    The layout of torchvision's ImageFolder: classes are numbered by their folders in sorted order, pictures may lie in folders
    below, and other files are passed over, as is everything whose name begins with a dot. Without `train` and `test`,
    `test_share` of each class is the test set, chosen by `seed`. Samples are `(3, height, width)`, or `(1, height, width)` with
    `grayscale`, pixels 0..1. `size` is one number, or [height, width], to which pictures are resized whatever their proportions
    (bilinear and without aliasing, torchvision's Resize((height, width)) after its Grayscale); without it they all must have
    one size. A relative `path` is looked for in the current folder, then in the data folders. Raises `SetupError` that names
    the folder or picture that is wrong, `ValueError` where `test_share` leaves nothing.

    size: the side to which pictures are resized, or [height, width].
    grayscale: whether colours become shades of grey.
    held: where samples stay: in "memory", or on "disk", where they are pictures, each of which is decoded whenever it is in a
        batch; "auto" takes the disk beyond 2 GiB in float32.
    test_share: this share of each class is the test set, where no folders `train` and `test` say which.
    """
    root = locate_folder(path)
    split = _split(root, test_share, seed)
    height, width = [size, size] if isinstance(size, int) else size or _one_size(root, (*split.train, *split.test))
    form = PictureForm(height, width, grayscale, size is None, split.train[0])
    classes = int(split.y_train.max()) + 1
    train, test = (np.bincount(labels, minlength=classes).tolist() for labels in (split.y_train, split.y_test))

    on_disk = stays_on_disk(held, len(split.train) + len(split.test), form.shape)

    def load() -> Arrays:
        x_train, x_test = (
            decoded(files, form) if on_disk else pixels_of(files, form) for files in (split.train, split.test)
        )
        return Arrays(x_train, split.y_train.copy(), x_test, split.y_test.copy())

    source = Source.of(form.shape, train, test, load, class_names=split.names)
    return replace(source, on_disk=on_disk, remedy='held = "disk" decodes them batch by batch')


def decoded(files: Sequence[Path], form: PictureForm) -> OnDisk:
    """Samples that are decoded whenever they are asked for."""

    def read(at: NDArray[np.intp]) -> Numbers:
        return pixels_of([files[place] for place in at.tolist()], form)

    return OnDisk(read, np.arange(len(files)), form.shape, np.dtype(np.float32))


def _split(root: Path, test_share: float, seed: int) -> PictureSplit:
    """The pictures below `root`, by its folders `train` and `test` where it has them."""
    parts = [root / name for name in ("train", "test") if (root / name).is_dir()]
    if len(parts) == 1 and _folders(parts[0]):
        other = "test" if parts[0].name == "train" else "train"
        raise SetupError(f"{root} has '{parts[0].name}' but no '{other}'; it needs both, or a folder for each class")
    if len(parts) == 2:
        names = _classes(parts[0])
        train, y_train = _pictures(parts[0], names)
        test, y_test = _pictures(parts[1], names)
        order = stream(seed, "image_folder").permutation(len(train))
        return PictureSplit([train[position] for position in order], y_train[order], test, y_test, names)
    names = _classes(root)
    files, labels = _pictures(root, names)
    for_test = counts_for_test(np.bincount(labels).tolist(), test_share)
    if not sum(for_test):
        raise ValueError(
            f"'test_share' {test_share} of {len(files)} pictures leaves no sample to test on; more of them, or a larger share, do"
        )
    chosen = stratified(labels, for_test, stream(seed, "image_folder"))
    (train, y_train), (test, y_test) = (([files[one] for one in part], labels[part]) for part in chosen)
    return PictureSplit(train, y_train, test, y_test, names)


def _folders(folder: Path) -> list[str]:
    """The names of the folders in a folder, sorted."""
    return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))


def _classes(folder: Path) -> list[str]:
    """The names of the classes, none of them empty; raises `SetupError`."""
    names = _folders(folder)
    if len(names) < 2:
        found = f"one class folder, '{names[0]}'" if names else "no class folder"
        raise SetupError(f"{folder} has {found}; pictures must be in {folder}/CLASS/, with at least two classes")
    for name in names:
        if not pictures_below(folder / name):
            raise SetupError(f"{folder / name} has no picture; its files must end in {', '.join(EXTENSIONS)}")
    return names


def _pictures(folder: Path, names: Sequence[str]) -> tuple[list[Path], Labels]:
    """Every picture below a folder with its label, class by class; raises `SetupError` where there is none, or another class."""
    if strangers := [name for name in _folders(folder) if name not in names]:
        raise SetupError(f"{folder} has the class '{strangers[0]}', which {folder.parent / 'train'} does not have")
    files = {name: pictures_below(folder / name) for name in names}
    labels = np.repeat(np.arange(len(names)), [len(files[name]) for name in names])
    if not len(labels):
        raise SetupError(
            f"{folder} has no picture; pictures must be in {folder}/CLASS/ and end in {', '.join(EXTENSIONS)}"
        )
    return [file for name in names for file in files[name]], labels.astype(np.int64)


def pictures_below(folder: Path) -> list[Path]:
    """The pictures below a folder, in torchvision's order."""
    found = []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        kept = sorted(name for name in names if name.lower().endswith(EXTENSIONS) and not name.startswith("."))
        found.append((place, [Path(place, name) for name in kept]))
    return [file for _, files in sorted(found) for file in files]


@lru_cache(maxsize=2)
def _one_size(root: Path, files: tuple[Path, ...]) -> tuple[int, int]:
    """Height and width of all pictures, read from their heads; raises `SetupError` with every size where they differ."""
    examples: dict[tuple[int, int], Path] = {}
    counts: Counter[tuple[int, int]] = Counter()
    for file in files:
        width, height = _opened(file, convert=False).size
        examples.setdefault((height, width), file)
        counts[height, width] += 1
    if len(counts) == 1:
        return next(iter(counts))
    listed = [
        f"{size[0]} x {size[1]} ({count:,}, such as {examples[size]})" for size, count in counts.most_common(SIZES)
    ]
    more = [f"{len(counts) - SIZES:,} more"] if len(counts) > SIZES else []
    raise SetupError(
        f"{root} has pictures of {len(counts):,} sizes (height x width): {', '.join(listed + more)}; give a 'size' for all, "
        f"such as size = {counts.most_common(1)[0][0][0]}"
    )


def pixels_of(files: Sequence[Path], form: PictureForm) -> Floats:
    """`[samples, channels, height, width]`, pixels 0..1."""
    x = np.empty((len(files), *form.shape), dtype=np.float32)
    for sample, file in zip(x, files, strict=True):
        picture = _shaped(_opened(file), file, form)
        np.divide(np.moveaxis(np.atleast_3d(np.asarray(picture)), 2, 0), 255, out=sample, dtype=np.float32)
    return x


def _shaped(picture: Image, file: Path, form: PictureForm) -> Image:
    """The picture as it is learned from; raises `SetupError` where it has not the size that it must have."""
    from PIL.Image import Resampling

    if form.is_fixed and (picture.height, picture.width) != (form.height, form.width):
        sizes = [f"{height} x {width}" for height, width in ((picture.height, picture.width), form.shape[1:])]
        raise SetupError(
            f"{file} is {sizes[0]} (height x width), but {form.example} is {sizes[1]}; give a 'size' for all, such as "
            f"size = {form.height}"
        )
    grey = picture.convert("L") if form.grayscale else picture
    return grey.resize((form.width, form.height), Resampling.BILINEAR)


def _opened(file: Path, *, convert: bool = True) -> Image:
    """The picture in red, green and blue, or only its head; raises `SetupError` that names it."""
    from PIL import Image

    try:
        with Image.open(file) as picture:
            return picture.convert("RGB") if convert else picture
    except Exception as error:  # PIL's readers raise whatever a broken file leads them to
        raise SetupError(f"{file} cannot be read as a picture ({error}); repair or remove it") from error
