"""Inks: what a cell's colour means. A theme gives each ink its colour; charts never name one."""

from __future__ import annotations

from enum import IntEnum

SERIES_INKS = 8
RAMP_INKS = 24


class Ink(IntEnum):
    """What a cell is drawn with; `series` and `ramp` count on from the last two members."""

    NONE = -1
    """No colour of its own: the background, where it is one."""
    PLAIN = 0
    """Text."""
    FAINT = 1
    """Axes, ticks, grids."""
    STRONG = 2
    """What is to be read first."""
    CURSOR = 3
    ALARM = 4
    """NaN, infinity, failure."""
    DEAD = 5
    """An exact zero."""
    GOOD = 6
    MARK = 7
    """What someone did: interventions, breakpoints."""
    SERIES = 8
    RAMP = SERIES + SERIES_INKS

    @staticmethod
    def series(index: int) -> int:
        """The ink of a curve: eight that can be told apart, then again from the first."""
        return Ink.SERIES + index % SERIES_INKS

    @staticmethod
    def ramp(level: int) -> int:
        """The ink of a value: level 0 (lowest, darkest) to `RAMP_INKS - 1` (highest, brightest)."""
        return Ink.RAMP + min(max(level, 0), RAMP_INKS - 1)


INKS = Ink.RAMP + RAMP_INKS
"""How many inks there are."""
