"""A Rich console that is safe from its texts: they cannot move its cursor or colour its lines."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from dlbench.words.printable import printable


class PrintableConsole(Console):
    """Prints what it renders with every control character of the text as an escape that can be seen.

    Whoever lays text out in columns sends it through `dlbench.words.printable` before, so that its width is known.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of something, their texts printable; those that are codes of Rich's own stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)
