"""What a browser's page says over its websocket, read as from someone who may say anything."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

LARGEST = 64 * 1024
"""Bytes of one message; a larger one ends the connection."""

WIDTHS, HEIGHTS = (20, 400), (5, 200)
"""Cells of a window, least and most: what is drawn costs by its size."""


@dataclass(frozen=True)
class Typed:
    """Keys, clicks and pastes, as a terminal sends them."""

    text: str


@dataclass(frozen=True)
class WindowSize:
    """The window has other cells."""

    width: int
    height: int


@dataclass(frozen=True)
class Pinged:
    """The page wants its own words back."""

    text: str

    @property
    def answer(self) -> str:
        """They, as the page expects them."""
        return json.dumps(["pong", self.text])


Message: TypeAlias = Typed | WindowSize | Pinged


def read_message(text: str) -> Message | None:
    """What is said, `None` where it is nothing that this server knows: garbage, a kind of its own, a value of the wrong type."""
    try:
        match json.loads(text):
            case ["stdin", str(typed)] if typed and is_encodable(typed):
                return Typed(typed)
            case ["resize", {"width": width, "height": height}]:
                return WindowSize(*size(width, height))
            case ["ping", str(said)] if len(said) <= 64:
                return Pinged(said)
    except (ValueError, RecursionError):
        return None
    return None


def is_encodable(typed: str) -> bool:
    """Whether text has no half of a letter in it, which JSON may hold and nothing could show."""
    return not any(0xD800 <= ord(letter) < 0xE000 for letter in typed)


def size(width: object, height: object) -> tuple[int, int]:
    """Cells within what is drawn; raises ValueError where they are no numbers."""
    return within(width, WIDTHS), within(height, HEIGHTS)


def within(value: object, bounds: tuple[int, int]) -> int:
    """A whole number, moved between its bounds; raises ValueError where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is no number of cells")  # noqa: TRY004  # as a text that is none
    least, most = bounds
    return min(max(int(value), least), most)
