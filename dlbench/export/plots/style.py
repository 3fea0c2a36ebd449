"""How figures look: their colours on light ground, on dark ground and inside of a page, and what tells lines without colour."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from dlbench.export.plots.lettering import families

DPI = 160
"""Pixels an inch of a PNG."""
SALT = "dlbench"
"""What the ids of an SVG are made with, so that they are the same each time."""


@dataclass(frozen=True)
class Theme:
    """The colours of a figure."""

    ground: str
    ink: str
    faint: str
    grid: str
    broken: str
    """NaN and infinity."""
    series: tuple[str, ...]
    """Neighbours differ in lightness too, so that they do in grey."""

    @property
    def variables(self) -> dict[str, str]:
        """Name of a custom property of CSS -> colour."""
        named = {"ground": self.ground, "ink": self.ink, "faint": self.faint, "grid": self.grid, "broken": self.broken}
        named |= {str(number): color for number, color in enumerate(self.series, start=1)}
        return {f"--plot-{name}": color for name, color in named.items()}


LIGHT = Theme(
    ground="#ffffff",
    ink="#22272e",
    faint="#5f6770",
    grid="#d6dadf",
    broken="#b80067",
    series=("#084da3", "#d65f08", "#096a4e", "#d95a9f", "#4b227f", "#2e93cf", "#793412", "#929126"),
)
DARK = Theme(
    ground="#14181d",
    ink="#e6e9ed",
    faint="#9aa4af",
    grid="#363d46",
    broken="#ff6fbf",
    series=("#2aa1f9", "#f8bc68", "#01aa84", "#fdb2d9", "#9e72db", "#aae5ff", "#e07b47", "#edee89"),
)
PAGE = Theme("#010001", "#010002", "#010003", "#010004", "#010005", tuple(f"#01010{digit}" for digit in range(1, 9)))
"""Stand-ins for the custom properties of a page: no figure has these colours otherwise."""


@dataclass(frozen=True)
class Look:
    """How a figure is to look; without a size, in inches, it has the one that suits it."""

    theme: Theme = LIGHT
    size: tuple[float, float] | None = None
    is_titled: bool = True
    """Whether its title stands on it."""


Dash: TypeAlias = Literal["-"] | tuple[float, tuple[float, ...]]
"""Solid, or from where on so many points are drawn and left out in turn."""

DASHES: tuple[Dash, ...] = ("-", (0, (6, 1.6)), (0, (1.4, 1.4)), (0, (6, 1.6, 1.4, 1.6)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MOST_TOGETHER = len(LIGHT.series)
"""Lines of one panel that can be told apart."""


@dataclass(frozen=True)
class Stroke:
    """How a variant's line is drawn."""

    color: str
    dash: Dash
    marker: str


def stroke(number: int, theme: Theme) -> Stroke:
    """The stroke of the variant at that place: three ways to tell it from its neighbours, of which two need no colour."""
    return Stroke(
        theme.series[number % len(theme.series)], DASHES[number % len(DASHES)], MARKERS[number % len(MARKERS)]
    )


@contextmanager
def styled(theme: Theme) -> Iterator[None]:
    """Draw in this theme, whatever matplotlib's settings on this machine are; afterwards they are as before.

    matplotlib says nothing meanwhile: that it looks for fonts for the first time, or has no letter, is none of the reader's
    business (letters that are not there are replaced before, see `dlbench.export.plots.lettering`).
    """
    import matplotlib as mpl

    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.CRITICAL)
    settings: dict[Any, Any] = {
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(NO_STYLE)
    }
    try:
        with mpl.rc_context(settings | _settings(theme)), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


NO_STYLE = ("backend", "interactive", "toolbar", "timezone", "webagg", "tk.", "keymap", "docstring", "_internal")
"""What of matplotlib's settings is no matter of looks."""


def _settings(theme: Theme) -> dict[str, object]:
    small = dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 8)
    faint = dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), theme.faint)
    ink = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), theme.ink)
    bare = dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon", "text.parse_math"), False)
    return {
        **small,
        **faint,
        **ink,
        **bare,
        "figure.facecolor": theme.ground,
        "figure.dpi": DPI,
        "savefig.dpi": DPI,
        "axes.facecolor": "none",
        "axes.titlelocation": "left",
        "axes.titlesize": 9,
        "axes.labelsize": 9,
        "grid.color": theme.grid,
        "grid.linewidth": 0.6,
        "hatch.linewidth": 0.7,
        "font.family": families(),
        "svg.fonttype": "none",
        "svg.hashsalt": SALT,
        "pdf.fonttype": 42,
    }
