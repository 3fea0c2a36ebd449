"""The catalogue of pictures that can be drawn of a run. A new one is one function in one file of this package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from dlbench.analysis.summary import Report
from dlbench.catalog import Catalog
from dlbench.export.plots.page import Page
from dlbench.export.plots.style import Look
from dlbench.state.run_state import RunState
from dlbench.state.selection import Selection

BandKind: TypeAlias = Literal["range", "interval", "none"]
"""What is shaded about a mean: from the lowest to the highest seed, the 95 % interval of the mean, or nothing."""


@dataclass(frozen=True)
class Asked:
    """A run, the folder of its files, what is to be seen of it, and how."""

    report: Report
    folder: Path
    choice: Selection = field(default_factory=Selection)
    """Seed, layer, step and phase; its variant is left to `variants`."""
    variants: tuple[str, ...] = ()
    """Those to see side by side; without any, the picture chooses."""
    metrics: tuple[str, ...] = ()
    measure: str | None = None
    band: BandKind = "range"
    look: Look = field(default_factory=Look)

    @property
    def state(self) -> RunState:
        """What the events tell."""
        return self.report.state


PLOTS: Catalog[Callable[[Asked], Page]] = Catalog("plots", title="pictures that are drawn of a run")
"""Name -> a function from what was asked for to a page with the figure.

Trait `takes`: which options of the command line it heeds beside `--variants`. It raises UsageError where the run has
no such thing.
"""
