"""Legends: what each curve is called and what it is worth, at the cursor or now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from dlbench.tui.charts.axes import Area
from dlbench.tui.charts.glyphs import Glyphs
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.trace import Series
from dlbench.words.number_format import number

SAMPLE = 3
"""Cells of the piece of line in front of a name."""
VALUE = 7
"""Cells that a value may need, as `9.8e-04` does."""
LEAST = 22
"""Cells below which an entry in a row says too little."""


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend."""

    sample: str
    name: str
    value: str
    ink: int
    is_alarm: bool
    """Whether the value tells a failure."""

    @classmethod
    def of(cls, series: Series, cursor: int | None, glyphs: Glyphs) -> LegendEntry:
        """What there is to say of a series: the value that stood at the cursor, else the newest, or where it broke."""
        letter = letter_of(series.ink, glyphs)
        stroke = glyphs.horizontal if glyphs.braille else letter
        middle = " " if series.dashed else stroke if glyphs.in_colour else letter
        sample = stroke + middle + stroke
        broken = series.broken_at
        if broken is not None and (cursor is None or cursor >= broken):
            return cls(sample, series.name, f"{glyphs.broken} {broken:,}", series.ink, is_alarm=True)
        value = series.at(cursor)
        return cls(sample, series.name, "" if value is None else number(value), series.ink, is_alarm=False)

    @classmethod
    def of_onset(cls, series: Series, glyphs: Glyphs) -> LegendEntry | None:
        """From which step a series overfits, if it does."""
        if series.onset_at is None:
            return None
        return cls(f" {glyphs.onset} ", "onset", f"{series.onset_at:,}", series.ink, is_alarm=False)

    @property
    def width(self) -> int:
        """Cells it takes uncut."""
        return SAMPLE + 1 + cell_len(self.name) + 2 + cell_len(self.value)

    @property
    def room(self) -> int:
        """Cells it takes uncut whatever its value is."""
        return self.width + max(VALUE - cell_len(self.value), 0)

    def draw(self, picture: Picture, row: int, column: int, width: int, ellipsis: str) -> None:
        """Write it into `width` cells: the value stands whole at their right end, the name is cut."""
        room = width - SAMPLE - 1
        picture.put(row, column, self.sample[: max(width, 0)], self.ink)
        value = self.value if cell_len(self.value) <= room else ""
        name = squeezed(self.name, room - cell_len(value) - 1 if value else room, ellipsis)
        picture.put(row, column + SAMPLE + 1, name)
        start = column + width - cell_len(value)
        picture.put(row, start, value, Ink.ALARM if self.is_alarm else self.ink)


def fitted(text: str, width: int, ellipsis: str) -> str:
    """A text cut to at most `width` cells, with an ellipsis where something is missing."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + ellipsis


def squeezed(name: str, width: int, ellipsis: str) -> str:
    """A name cut to at most `width` cells in its middle, because names that begin alike differ at their ends."""
    if cell_len(name) <= width or width < 3:
        return fitted(name, width, ellipsis)
    end = name
    while cell_len(end) > width // 2:
        end = end[1:]
    return fitted(name, width - cell_len(end), ellipsis) + end


def letter_of(ink: int, glyphs: Glyphs) -> str:
    """The letter of a series where neither braille nor colours tell it apart: as stable as its ink."""
    return glyphs.points[1 + (ink - Ink.SERIES) % (len(glyphs.points) - 1) if ink >= Ink.SERIES else 0]


@dataclass(frozen=True)
class Legend:
    """A place for entries: one row of them, or a column with one a row."""

    area: Area
    in_a_row: bool

    def draw(self, picture: Picture, entries: Sequence[LegendEntry], ellipsis: str) -> None:
        """Draw as many entries as have room, and say how many more there are."""
        if self.area.height <= 0 or self.area.width <= 0:
            return
        if self.in_a_row:
            self._draw_row(picture, entries, ellipsis)
        else:
            self._draw_column(picture, entries, ellipsis)

    def _draw_column(self, picture: Picture, entries: Sequence[LegendEntry], ellipsis: str) -> None:
        area = self.area
        shown = len(entries) if len(entries) <= area.height else area.height - 1
        for row, entry in enumerate(entries[:shown], area.top):
            entry.draw(picture, row, area.left, area.width, ellipsis)
        if shown < len(entries):
            text = fitted(f"+ {len(entries) - shown:,} more", area.width, ellipsis)
            picture.put(area.top + shown, area.left, text, Ink.FAINT)

    def _draw_row(self, picture: Picture, entries: Sequence[LegendEntry], ellipsis: str) -> None:
        area = self.area
        shown = min(len(entries), max(area.width // LEAST, 1))
        hidden = len(entries) - shown
        rests = [f" + {hidden:,} more", f" +{hidden:,}"] if hidden else [""]
        wanted = max((entry.width for entry in entries[:shown]), default=0)
        rest = next((rest for rest in rests if (area.width - len(rest)) // max(shown, 1) >= wanted), rests[-1])
        share = (area.width - len(rest)) // max(shown, 1)
        for index, entry in enumerate(entries[:shown]):
            width = min(entry.width, share - 2 if shown > 1 else share)
            entry.draw(picture, area.top, area.left + index * share, width, ellipsis)
        picture.put(area.top, area.left + area.width - len(rest), rest, Ink.FAINT)
