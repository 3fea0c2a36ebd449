"""What a dashboard draws, on its way to a browser that may be slow."""

from __future__ import annotations

import asyncio

BEHIND = 256 * 1024
"""Bytes that wait from which on nothing more is drawn by itself."""
LOST = 8 * 1024 * 1024
"""Bytes that wait from which on the browser is given up."""


class Outlet:
    """Bytes of the screen and words for the page, gathered until they can be sent; both come out in their order of kind."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._words: list[str] = []
        self._something = asyncio.Event()

    @property
    def is_behind(self) -> bool:
        """Whether the browser has yet to take what was drawn before."""
        return len(self._bytes) > BEHIND

    @property
    def is_lost(self) -> bool:
        """Whether it takes nothing."""
        return len(self._bytes) > LOST

    def draw(self, data: str) -> None:
        """Send what a terminal would be sent."""
        self._bytes += data.encode(errors="replace")
        self._something.set()

    def tell(self, words: str) -> None:
        """Send a word to the page itself."""
        self._words.append(words)
        self._something.set()

    async def next(self) -> tuple[bytes, list[str]]:
        """All that waits, as soon as there is anything."""
        await self._something.wait()
        self._something.clear()
        found = bytes(self._bytes), self._words
        self._bytes, self._words = bytearray(), []
        return found
