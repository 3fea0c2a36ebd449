"""New data for a trained net: read as its own data were, whatever file or folder they come in."""

from __future__ import annotations

from pathlib import Path

from dlbench.errors import UsageError
from dlbench.files import expanded, is_file, is_folder
from dlbench.parts.datasets.pictures import EXTENSIONS
from dlbench.weights.kept import KeptTrial
from dlbench.weights.samples.arrays import read_arrays
from dlbench.weights.samples.base import NewSamples
from dlbench.weights.samples.pictures import read_pictures
from dlbench.weights.samples.rows import read_rows

ARRAYS = (".npz", ".npy")

__all__ = ["NewSamples", "read_samples"]


def read_samples(path: Path, one: KeptTrial) -> NewSamples:
    """The samples in a table, an archive of arrays, a picture or a folder of pictures, for a net of such a trial.

    Raises UsageError where there is nothing, or it does not look like what the net was trained on, with line and column where it
    has some; SetupError where a file cannot be read.
    """
    where = expanded(path)
    if is_folder(where) or where.suffix.lower() in EXTENSIONS:
        return read_pictures(where, one)
    if not is_file(where):
        raise UsageError(f"{path}: no file or folder is there")
    try:
        return read_arrays(where, one) if where.suffix.lower() in ARRAYS else read_rows(where, one)
    except ValueError as error:
        raise UsageError(str(error)) from error
