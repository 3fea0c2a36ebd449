"""Themes: the colour of every ink. Ramps grow in luminance, so that they read in grey, on projectors and by everyone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from dlbench.tui.charts.ink import GREY_INKS, INKS, RAMP_INKS, SERIES_INKS, SIGNED_INKS, Ink

NAMED = (Ink.PLAIN, Ink.FAINT, Ink.STRONG, Ink.CURSOR, Ink.ALARM, Ink.DEAD, Ink.GOOD, Ink.MARK)
"""The inks before the curves', in their order."""


@dataclass(frozen=True)
class Palette:
    """A theme: Textual's colours for its own widgets, and a Rich style an ink for everything that is drawn here."""

    title: str
    """What `--theme` calls it."""
    named: tuple[str, ...]
    """Rich styles of the inks `NAMED`."""
    series: tuple[str, ...]
    """Colours of the curves."""
    ramp: tuple[str, ...]
    """Colours of values, from the lowest to the highest."""
    signed: tuple[str, ...]
    """Colours of weights, from the most negative over zero to the most positive."""
    greys: tuple[str, ...]
    """Colours of pixels, from black to white."""
    textual: Theme
    in_colour: bool = True
    """Whether a heat map may tell values by colour; else by shades."""

    @property
    def name(self) -> str:
        """What Textual calls it."""
        return self.textual.name

    @property
    def colours(self) -> tuple[str, ...]:
        """The colour of every ink, as Rich reads it."""
        return (*self.named, *self.series, *self.ramp, *self.signed, *self.greys)

    @cached_property
    def styles(self) -> list[Style]:
        """The style of every ink as a front."""
        return [Style.parse(text) for text in self.colours]

    def style(self, front: int, back: int) -> Style:
        """The colours of a pair of inks; `Ink.NONE` behind leaves the widget's own background."""
        style = self.styles[front] if front >= 0 else Style.null()
        if back < 0 or style.bgcolor is not None:
            return style
        behind = self.styles[back].bgcolor or self.styles[back].color
        if behind is None:
            # A terminal's own foreground cannot be named as a background.
            return style + Style(reverse=True)
        return style + Style(bgcolor=behind)


def ramp(low: float, high: float) -> tuple[str, ...]:
    """Colours from violet over green to yellow whose lightness grows evenly from `low` to `high` (OKLCH, 0 to 1).

    Source: B. Ottosson, "A perceptual color space for image processing", 2020; the way of its hues is viridis's.
    """
    levels = [index / (RAMP_INKS - 1) for index in range(RAMP_INKS)]
    return tuple(_oklch(low + (high - low) * t, 0.105 + 0.055 * t, 305 - 200 * t) for t in levels)


def signed(low: float, high: float) -> tuple[str, ...]:
    """Colours from blue over grey, which is zero, to orange, whose lightness grows evenly: signs are told without colour too."""
    places = [2 * index / (SIGNED_INKS - 1) - 1 for index in range(SIGNED_INKS)]
    return tuple(
        _oklch(low + (high - low) * (1 + place) / 2, 0.14 * abs(place), 255 if place < 0 else 65) for place in places
    )


GREYS = tuple(f"#{3 * f'{round(255 * level / (GREY_INKS - 1)):02x}'}" for level in range(GREY_INKS))


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    """An OKLCH colour as `#rrggbb`, with as much of its chroma as the screen can show."""
    while True:
        red, green, blue = _linear(lightness, chroma, math.radians(hue))
        if chroma < 0.001 or all(-1e-4 <= channel <= 1.0001 for channel in (red, green, blue)):
            return "#" + "".join(f"{round(255 * _encoded(channel)):02x}" for channel in (red, green, blue))
        chroma *= 0.97


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _encoded(channel: float) -> float:
    value = min(max(channel, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _theme(name: str, *, dark: bool, ground: Sequence[str], front: str, accent: str, marks: Sequence[str]) -> Theme:
    """Textual's theme of ours: its widgets stand on one ground, so that charts and frames do not differ."""
    background, surface, panel, border = ground
    error, warning, success = marks
    return Theme(
        name=name,
        dark=dark,
        primary=accent,
        secondary=accent,
        accent=accent,
        foreground=front,
        background=background,
        surface=surface,
        panel=panel,
        error=error,
        warning=warning,
        success=success,
        variables={
            "frame": border,
            "block-cursor-text-style": "bold",
            "footer-key-foreground": accent,
            **dict.fromkeys(("scrollbar", "scrollbar-hover", "scrollbar-active"), border),
            **dict.fromkeys(
                ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active"), surface
            ),
            "scrollbar-corner-color": surface,
        },
    )


DARK = Palette(
    title="dark",
    named=(
        "#d5dbe3", "#7d8894", "bold #ffffff", "bold #11151a on #ffd75f", "bold #ff6b6b", "#9aa4b0", "#5fd38d", "#ff9ff3",
    ),
    # From Okabe and Ito's hues (2008), their lightness set so that all can tell them apart on this ground.
    series=("#56b4e9", "#e69f00", "#73ecbc", "#feb8df", "#237fc8", "#fe9a6b", "#998c10", "#a16d8f"),
    ramp=ramp(0.24, 0.93),
    signed=signed(0.24, 0.93),
    greys=GREYS,
    textual=_theme(
        "dlbench-dark", dark=True, ground=("#11151a", "#181d24", "#202731", "#39424e"), front="#d5dbe3",
        accent="#56b4e9", marks=("#ff6b6b", "#e69f00", "#5fd38d"),
    ),
)  # fmt: skip
LIGHT = Palette(
    title="light",
    named=(
        "#22272e", "#6a737d", "bold #000000", "bold #ffffff on #0b5cad", "bold #b3001b", "#636c76", "#0a6b3d", "#8a1c7c",
    ),
    series=("#0072b2", "#c14f00", "#08835e", "#563199", "#684503", "#ab5b8a", "#015476", "#494e52"),
    ramp=ramp(0.30, 0.90),
    signed=signed(0.30, 0.90),
    greys=GREYS,
    textual=_theme(
        "dlbench-light", dark=False, ground=("#fbfbf9", "#f1f2ef", "#e6e8e4", "#b4bac1"), front="#22272e",
        accent="#0b5cad", marks=("#b3001b", "#8f5a00", "#0a6b3d"),
    ),
)  # fmt: skip
HIGH_CONTRAST = Palette(
    title="high-contrast",
    named=(
        "#ffffff", "#c8c8c8", "bold #ffffff", "bold #000000 on #ffff00", "bold #ff8080", "#d0d0d0", "bold #6dff9c",
        "bold #ff9ffb",
    ),
    series=("#6cc7ff", "#ffb000", "#08a878", "#ffc4e6", "#c55207", "#8f78e0", "#abf59b", "#fff24d"),
    ramp=ramp(0.20, 0.97),
    signed=signed(0.20, 0.97),
    greys=GREYS,
    textual=_theme(
        "dlbench-high-contrast", dark=True, ground=("#000000", "#0a0a0a", "#1c1c1c", "#e0e0e0"), front="#ffffff",
        accent="#ffff00", marks=("#ff8080", "#ffb000", "#6dff9c"),
    ),
)  # fmt: skip
ANSI = Palette(
    title="ansi",
    named=("none", "dim", "bold", "bold reverse", "bold red", "dim", "green", "bold magenta"),
    series=("bright_blue", "yellow", "green", "magenta", "cyan", "red", "bright_green", "bright_magenta"),
    ramp=("none",) * RAMP_INKS,
    signed=("none",) * SIGNED_INKS,
    greys=("none",) * GREY_INKS,
    in_colour=False,
    textual=Theme(
        name="dlbench-ansi",
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        accent="ansi_blue",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables=BUILTIN_THEMES["ansi-dark"].variables
        | {
            "frame": "ansi_bright_black",
            "border-blurred": "ansi_bright_black",
            "block-cursor-text-style": "reverse",
            "block-cursor-foreground": "ansi_default",
            "block-cursor-background": "ansi_default",
            "block-cursor-blurred-text-style": "reverse",
            "block-cursor-blurred-foreground": "ansi_default",
            "block-cursor-blurred-background": "ansi_default",
            "input-cursor-text-style": "reverse",
            "footer-key-foreground": "ansi_default",
        },
    ),
)
PALETTES = (DARK, LIGHT, HIGH_CONTRAST, ANSI)
"""In the order of the key that changes them."""


@lru_cache(maxsize=len(PALETTES))
def palette(title: str) -> Palette:
    """The theme of a title; raises KeyError where there is none."""
    return {one.title: one for one in PALETTES}[title]


assert all(len(one.colours) == INKS and len(one.series) == SERIES_INKS for one in PALETTES)
