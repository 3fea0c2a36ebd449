"""TOML -> Recipe: structure, patches, every problem at once with file and line. Imports no torch.

pydantic, and everything else that costs time, is imported when a recipe is loaded: the shell's completion only asks for
names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlbench.recipe.shipped import find_recipe, shipped_recipes

if TYPE_CHECKING:
    from dlbench.recipe.model import Recipe

__all__ = ["find_recipe", "load", "schema", "shipped_recipes"]


def load(source: str | Path, overrides: Sequence[str] = (), *, seeds: str | None = None, quick: bool = False) -> Recipe:
    """The recipe at a path, or of a shipped name, with the command line's changes; see `dlbench.recipe.loading.load`."""
    from dlbench.recipe import loading

    return loading.load(source, overrides, seeds=seeds, quick=quick)


def schema() -> dict[str, Any]:
    """The JSON Schema of a recipe; see `dlbench.recipe.json_schema.schema`."""
    from dlbench.recipe import json_schema

    return json_schema.schema()
