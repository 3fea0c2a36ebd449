"""The recipes that come with dlbench, and how a recipe is found by name or path."""

from __future__ import annotations

from pathlib import Path

import dlbench
from dlbench.errors import UsageError, shortened
from dlbench.files import NO_FILE, exists, expanded, is_file
from dlbench.recipe.messages import nearest

_PACKAGE = Path(dlbench.__file__).parent


def folder() -> Path:
    """Where the shipped recipes lie: inside an installed package, beside it in a checkout."""
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parent / "recipes"


def shipped_recipes() -> list[Path]:
    """The files of the shipped recipes, by name."""
    return sorted(folder().glob("*.toml"))


def find_recipe(name: str) -> Path:
    """The file of a recipe named by its path, or by its name among the shipped ones; raises `UsageError`."""
    path = expanded(name)
    if is_file(path):
        return path
    if path.suffix == ".toml" or len(path.parts) != 1:
        raise UsageError(f"{shortened(name)}: {NO_FILE if exists(path) else 'there is no such file'}")
    shipped = {recipe.stem: recipe for recipe in shipped_recipes()}
    if name not in shipped:
        raise UsageError(f"no recipe is called '{shortened(name)}'" + nearest(name, shipped, "shipped are"))
    return shipped[name]
