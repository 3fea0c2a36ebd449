"""The characters that charts draw with: of Unicode, or of ASCII alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Glyphs:
    """One set of characters. `in_colour` says whether a picture of values may be told by colour alone."""

    in_colour: bool
    """Heat maps use half blocks in ramp inks; without, the characters of `shades` in `Ink.PLAIN`."""
    braille: bool
    """Curves use braille dots, two by four a cell; without, one character a cell."""
    shades: str
    """From the lowest value to the highest."""
    eighths: str
    """Bars growing upwards, from empty to full."""
    bars: str
    """Bars growing to the right, from empty to full."""
    dead: str
    """An exact zero."""
    broken: str
    """NaN or infinity."""
    mark: str
    """Someone changed something here."""
    onset: str
    """A curve fell down to here, and has risen since."""
    horizontal: str
    vertical: str
    corner: str
    """The corner of two axes, bottom left."""
    tick: str
    """A tick on a horizontal axis, pointing to the number beneath."""
    pointer: str
    """Points to the right, at the row of the cursor."""
    tick_left: str
    """A tick on a vertical axis, pointing to the number at its left."""
    ellipsis: str
    points: str
    """Curves without braille: one character a series, before them that of the one in focus."""
    dot: str


UNICODE = Glyphs(
    in_colour=True,
    braille=True,
    shades=" ░▒▓█",
    eighths=" ▁▂▃▄▅▆▇█",
    bars=" ▏▎▍▌▋▊▉█",
    dead="·",
    broken="×",
    mark="▲",
    onset="▽",
    horizontal="─",
    vertical="│",
    corner="└",
    tick="┬",
    pointer="▸",
    tick_left="┤",
    ellipsis="…",
    points="●•◦▪▫▴▵◆◇",
    dot="·",
)
SHADES = Glyphs(**(vars(UNICODE) | {"in_colour": False}))
"""For terminals of sixteen colours or none: values as shades of blocks."""
ASCII = Glyphs(
    in_colour=False,
    braille=False,
    shades=" .:-=+*#%@",
    eighths=" .:-=+*#%@",
    bars=" ---=====#",
    dead="0",
    broken="x",
    mark="^",
    onset="v",
    horizontal="-",
    vertical="|",
    corner="+",
    tick="+",
    pointer=">",
    tick_left="+",
    ellipsis="~",
    points="@*o+x#%&=",
    dot=".",
)
