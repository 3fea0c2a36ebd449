"""The catalogue of pictures that can be drawn of a run. A new one is one function in one file of this package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.catalog import Catalog
from dlbench.state.run_state import RunState
from dlbench.state.selection import Selection

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Asked:
    """A run, the folder of its files, and what is to be seen of it."""

    state: RunState
    folder: Path
    choice: Selection


PLOTS: Catalog[Callable[[Asked], Image]] = Catalog("plots", title="pictures that are drawn of a run")
"""Name -> a function from what was asked for to an image, whose `info["Title"]` says what it shows.

It raises UsageError where the run has no such thing.
"""
