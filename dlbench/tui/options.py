"""How a dashboard is to look and behave, from the command line and the environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dlbench.errors import UsageError
from dlbench.tui.charts.glyphs import ASCII, SHADES, UNICODE, Glyphs
from dlbench.tui.key_file import read_keys
from dlbench.tui.key_table import KeyTable
from dlbench.tui.terminal import LOCAL_FRAMES, REMOTE_FRAMES, TerminalCapabilities
from dlbench.tui.themes import ANSI, DARK, LIGHT, PALETTES, Palette, palette


@dataclass(frozen=True)
class DashboardOptions:
    """What the one who opened the dashboard wants of it."""

    palette: Palette = DARK
    language: str = "en"
    """Of the texts of recipes."""
    ascii: bool = False
    no_color: bool = False
    frames: float = LOCAL_FRAMES
    """Looks for changes a second."""
    read_only: bool = False
    """Nothing is asked of the workers."""
    mouse: bool = True
    closes: bool = False
    """It closes by itself when the run has ended."""
    opens_scene: bool = True
    """It opens on the scene of the lesson, where that names one."""
    images: Callable[[], Any] | None = None
    """Makes a widget that shows images in this terminal, where it shows any."""
    keys: KeyTable = field(default_factory=KeyTable)
    key_problem: str = ""
    """What a file of keys asks for in vain."""

    def glyphs(self, palette: Palette) -> Glyphs:
        """The characters to draw with in a theme."""
        if self.ascii:
            return ASCII
        return UNICODE if palette.in_colour and not self.no_color else SHADES


def chosen(
    theme: str | None = None,
    *,
    language: str,
    ascii_only: bool = False,
    read_only: bool = False,
    mouse: bool = True,
    closes: bool = False,
    keys: Path | None = None,
) -> DashboardOptions:
    """Options for this terminal; raises UsageError where no theme is called so, or a file of keys cannot be read."""
    terminal, read = TerminalCapabilities.of(ascii_only=ascii_only), read_keys(keys)
    return DashboardOptions(
        palette=_palette(theme, terminal),
        language=language,
        ascii=terminal.ascii,
        no_color=terminal.no_color,
        frames=terminal.frames,
        read_only=read_only,
        mouse=mouse,
        closes=closes,
        keys=read.table,
        key_problem=read.problem,
    )


def for_browsers(
    theme: str | None = None, *, language: str, read_only: bool, keys: Path | None = None
) -> DashboardOptions:
    """Options for dashboards in browsers, whatever the terminal of the server is and the keys that whoever serves has at home.

    Raises UsageError where no theme is called so, or a file of keys cannot be read.
    """
    browser = TerminalCapabilities(ascii=False, no_color=False, light=False, frames=REMOTE_FRAMES)
    options = DashboardOptions(
        palette=_palette(theme, browser), language=language, frames=browser.frames, read_only=read_only
    )
    if keys is None:
        return options
    read = read_keys(keys)
    return replace(options, keys=read.table, key_problem=read.problem)


def _palette(theme: str | None, terminal: TerminalCapabilities) -> Palette:
    if terminal.no_color:
        return ANSI
    if not theme:
        return LIGHT if terminal.light else DARK
    try:
        return palette(theme.lower().removeprefix("dlbench-"))
    except KeyError:
        names = ", ".join(one.title for one in PALETTES)
        raise UsageError(f"no theme is called '{theme}'; there are {names}") from None
