"""The panes: one tab of the dashboard each, imported when it is first looked at."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlbench.tui.panes.base import Pane


@dataclass(frozen=True)
class Tab:
    """A pane before it is needed: its name, what stands on its tab, and the class in the module of that name."""

    name: str
    title: str
    short: str
    pane: str

    def make(self) -> Pane:
        """The pane itself."""
        made: Pane = getattr(import_module(f"{__name__}.{self.name}"), self.pane)(id=self.name)
        return made


TABS = (
    Tab("gradients", "Gradients", "Grad", "GradientsPane"),
    Tab("curves", "Curves", "Curv", "CurvesPane"),
    Tab("layers", "Layers", "Layers", "LayersPane"),
    Tab("compare", "Compare", "Comp", "ComparePane"),
    Tab("lesson", "Lesson", "Lesson", "LessonPane"),
    Tab("log", "Log", "Log", "LogPane"),
    Tab("runs", "Runs", "Runs", "RunsPane"),
    Tab("pictures", "Pictures", "Pict", "PicturesPane"),
)
"""In the order of their digits."""
