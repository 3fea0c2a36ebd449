"""From what the user names (a file, a folder, a dataset, nothing) to a recipe's text."""

from __future__ import annotations

import os
from pathlib import Path

from dlbench.errors import SetupError, UsageError, hint
from dlbench.files import exists, expanded, is_file, is_folder
from dlbench.parts.datasets import DATASETS, describe
from dlbench.recipe.drafts.model import SEEN_FROM, DataLines, Looked, RecipeDraft
from dlbench.recipe.drafts.table import table_lines
from dlbench.recipe.drafts.text import written
from dlbench.recipe.shipped import shipped_recipes

USUAL = "digits"
"""The dataset of a recipe for which none is named: it comes with dlbench, and is learned in seconds."""

TABLES = (".csv", ".tsv", ".txt", ".data", ".tab", "")
"""How the names of tables end."""

SIDE = 32
"""The side of pictures that must be resized: enough for a small net, and quick."""

LARGEST = 64
"""The longest side that pictures keep."""


def draft(source: str | None, folder: Path, *, label: str | None = None, target: str | None = None) -> RecipeDraft:
    """A recipe that will lie in `folder`: for the data at a path, for a dataset by its name, or a copy of a shipped recipe.

    Raises `UsageError` for what is none of these, `SetupError` where the data cannot be read.
    """
    if label is not None and target is not None:
        raise UsageError("--label and --target cannot be combined: a label names a class, a target is a number")
    path = expanded(source) if source else None
    is_data = path is not None and (is_file(path) or is_folder(path))
    is_table = is_data and is_file(path) and path.suffix.lower() in TABLES if path else False
    if (label or target) and not is_table:
        raise UsageError(f"--{'label' if label else 'target'} names a column of a table; {source or 'this'} is none")
    if path is None or not is_data:
        return _by_name(source or USUAL)
    name = path.resolve().stem
    return _written(name, _lines(path, _seen_from(folder, path), label, target), folder)


def _by_name(name: str) -> RecipeDraft:
    """For a dataset that is not the user's own, or a copy of a shipped recipe; raises `UsageError` for other names."""
    shipped = {path.stem: path for path in shipped_recipes()}
    if name in shipped:
        return RecipeDraft(name, _copied(shipped[name].read_text(encoding="utf-8"), name))
    if name in DATASETS and DATASETS[name].traits["origin"] != "file":
        return _written(name, DataLines({"kind": name}, {"kind": f"{DATASETS[name].summary}"}), Path())
    if name in DATASETS:
        raise UsageError(
            f"'{name}' is data of your own: name its {'folder' if name == 'image_folder' else 'file'} instead"
        )
    if exists(expanded(name)):
        raise UsageError(f"{name}: is neither a file nor a folder")
    known = [*shipped, *DATASETS.names]
    where = "`dlbench list` and `dlbench data` list those that come along"
    raise UsageError(f"there is no file, dataset or recipe called '{name}'{hint(name, known, where)}")


def _copied(text: str, name: str) -> str:
    """A shipped recipe's text: the schema does not lie beside it any more."""
    lines = text.splitlines(keepends=True)
    rest = "".join(lines[1:] if lines[0].startswith("#:schema") else lines)
    return f"# A copy of dlbench's recipe {name}, to be changed.\n{rest}"


def _seen_from(folder: Path, path: Path) -> str:
    """How the recipe names the data: by a path from its own folder, or whole where there is none."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return str(path.resolve())


def _lines(path: Path, seen: str, label: str | None, target: str | None) -> DataLines:
    """The keys for the data at a path, by what it is."""
    suffix = path.suffix.lower()
    if is_folder(path):
        return _pictures(path, seen)
    if suffix == ".npz":
        said = {"kind": "A numpy archive with x_train, y_train, x_test and y_test.", "path": SEEN_FROM}
        return DataLines({"kind": "npz", "path": seen}, said)
    if suffix in TABLES:
        return table_lines(path, seen, label, target)
    raise UsageError(
        f"{path}: nothing is known of '{suffix}' files; a recipe takes a table (csv), a numpy archive (npz) with "
        "x_train, y_train, x_test and y_test, or a folder with a folder of pictures for each class"
    )


def _pictures(path: Path, seen: str) -> DataLines:
    """The keys for a folder of pictures, made smaller where they are large or differ."""
    settings: dict[str, object] = {"kind": "image_folder", "path": seen}
    said = {"kind": "Pictures in a folder for each class.", "path": SEEN_FROM}
    try:
        height, width = describe({"kind": "image_folder", "path": str(path)}).shape[1:]
        why = f"They are {height} x {width}; smaller ones train faster." if max(height, width) > LARGEST else ""
    except SetupError:
        describe({"kind": "image_folder", "path": str(path), "size": SIDE})  # is more wrong than their sizes?
        why = "They are of several sizes, and a net takes one."
    if why:
        settings["size"] = SIDE
        said["size"] = why
    return DataLines(settings, said)


def _written(name: str, lines: DataLines, folder: Path) -> RecipeDraft:
    """The text for data whose keys are known; raises what `describe` raises where it cannot be learned from as it is."""
    settings = dict(lines.settings)
    if isinstance(seen := settings.get("path"), str):
        settings["path"] = str((folder / seen).resolve())
    try:
        source = describe(settings)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return RecipeDraft(name, written(name, Looked(lines, source)), lines.chosen)
