"""Inks: what a cell's colour means. A theme gives each ink its colour; charts never name one."""

from __future__ import annotations

from enum import IntEnum

SERIES_INKS = 8
RAMP_INKS = 24
SIGNED_INKS = 25
"""Odd, so that one of them is zero's."""
GREY_INKS = 32


class Ink(IntEnum):
    """What a cell is drawn with; the others count on from the last four members."""

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
    """Values, from the lowest to the highest."""
    SIGNED = RAMP + RAMP_INKS
    """Weights, from the most negative over zero to the most positive."""
    GREY = SIGNED + SIGNED_INKS
    """Pixels, from black to white."""

    @staticmethod
    def series(index: int) -> int:
        """The ink of a curve: eight that can be told apart, then again from the first."""
        return Ink.SERIES + index % SERIES_INKS

    @staticmethod
    def ramp(level: int) -> int:
        """The ink of a value: level 0 (lowest, darkest) to `RAMP_INKS - 1` (highest, brightest)."""
        return Ink.RAMP + min(max(level, 0), RAMP_INKS - 1)


INKS = Ink.GREY + GREY_INKS
"""How many inks there are."""
