"""How everything looks: the theme, the characters of charts, what becomes of each line on its way to the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.filter import LineFilter, Monochrome, NoColor

from dlbench.tui.filters import AsciiFilter, PrintableFilter
from dlbench.tui.themes import PALETTES

if TYPE_CHECKING:
    from rich.style import Style

    from dlbench.tui.options import DashboardOptions
    from dlbench.tui.themes import Palette


class Appearance:
    """The palette and glyphs of now; `take` changes both."""

    def __init__(self, options: DashboardOptions) -> None:
        self._options = options
        self.take(options.palette)

    def take(self, palette: Palette) -> None:
        """Draw with a palette from now on."""
        self.palette = palette
        self.glyphs = self._options.glyphs(palette)
        """The characters to draw with."""
        self._styles: dict[tuple[int, int], Style] = {}

    @property
    def following(self) -> Palette:
        """The next palette, after the last one the first."""
        return PALETTES[(PALETTES.index(self.palette) + 1) % len(PALETTES)]

    def style(self, front: int, back: int) -> Style:
        """The colours of a pair of inks."""
        if (front, back) not in self._styles:
            self._styles[front, back] = self.palette.style(front, back)
        return self._styles[front, back]

    def filters(self, textuals: Sequence[LineFilter]) -> list[LineFilter]:
        """What every line goes through, instead of what Textual would put it through.

        Textual takes NO_COLOR for a request for greys; here it is one for no colour at all.
        """
        found = [one for one in textuals if not isinstance(one, Monochrome | NoColor)]
        if self._options.no_color:
            found.append(NoColor())
        found.append(PrintableFilter())
        if self._options.ascii:
            found.append(AsciiFilter())
        return found
