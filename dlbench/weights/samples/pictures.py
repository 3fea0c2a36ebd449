"""Samples that are pictures: one, or all in a folder."""

from __future__ import annotations

from pathlib import Path

from dlbench.errors import UsageError
from dlbench.files import is_file
from dlbench.parts.datasets.pictures import PictureForm, pictures_below, pixels_of
from dlbench.weights.kept import KeptTrial
from dlbench.weights.samples.base import NewSamples, counted

CHANNELS = {1: True, 3: False}
"""Of pictures that can be made; whether they are grey."""


def read_pictures(path: Path, one: KeptTrial) -> NewSamples:
    """A picture, or those below a folder: where it has a folder for each class, as for training, these say what is true.

    They become as large as those that the net was trained on, unless its recipe names no `size` for pictures of all sizes.
    """
    source, data = one.task.source, one.candidate.settings["data"]
    if len(source.shape) != 3 or source.shape[0] not in CHANNELS:
        raise UsageError(f"{path}: the net takes samples of {source.shape}, no pictures; give it a table or a .npz")
    files = [path] if is_file(path) else pictures_below(path)
    if not files or not files[0].exists():
        raise UsageError(f"{path}: no picture is there")
    channels, height, width = source.shape
    is_fixed = data["kind"] == "image_folder" and data.get("size") is None
    form = PictureForm(height, width, CHANNELS[channels], is_fixed, Path("every picture of the training"))
    x = pixels_of(files, form)
    if files == [path]:
        return NewSamples(x, [path.name])
    below = [file.relative_to(path) for file in files]
    labels = counted([file.parts[0] if len(file.parts) > 1 else "" for file in below], source.names)
    return NewSamples(x, [file.as_posix() for file in below], labels if (labels >= 0).any() else None)
