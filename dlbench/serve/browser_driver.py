"""Textual's driver for a dashboard that lives in the server's own process, with a browser's page as its terminal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size

from dlbench.serve.downloads import Delivery, Downloads
from dlbench.serve.outlet import Outlet

BEGIN = "\x1b[?1049h\x1b[?1000h\x1b[?1003h\x1b[?1006h\x1b[?25l\x1b[?2004h"
"""The other screen, the mouse, no cursor, and pastes told from keys."""

ESCAPE_SECONDS = 0.15
"""How long what may begin a sequence of keys waits for its rest, before it is Esc alone."""

UNANSWERED = 128 * 1024
"""Letters that may be typed without any key coming of them, as in a paste without an end."""


class BrowserDriver(Driver):
    """Draws into an outlet, and is given what was typed."""

    def __init__(
        self,
        app: App[Any],
        *,
        outlet: Outlet,
        downloads: Downloads,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._outlet, self._downloads = outlet, downloads
        self._parser, self._unanswered = XTermParser(), 0

    @property
    def is_web(self) -> bool:
        """It is: files are downloads."""
        return True

    def write(self, data: str) -> None:
        """Send to the browser."""
        self._outlet.draw(data)

    def start_application_mode(self) -> None:
        """Take the page's terminal."""
        self.write(BEGIN)
        self.resize(*(self._size or (80, 24)))

    def disable_input(self) -> None:
        """Nothing: whoever listens to the browser stops."""

    def stop_application_mode(self) -> None:
        """Nothing: the page says that the dashboard is closed."""

    def resize(self, width: int, height: int) -> None:
        """The page has other cells."""
        self._size = (width, height)
        size = Size(width, height)
        self.send_message(events.Resize(size, size))

    def type(self, text: str) -> None:
        """Hand on what was typed; a paste that finds no end is forgotten."""
        self._unanswered += len(text)
        for event in self._parser.feed(text):
            self._unanswered = 0
            self.process_message(event)
        if self._unanswered > UNANSWERED:
            self._parser, self._unanswered = XTermParser(), 0
        asyncio.get_running_loop().call_later(ESCAPE_SECONDS, self._tick)

    def _tick(self) -> None:
        for event in self._parser.tick():
            self.process_message(event)

    def open_url(self, url: str, new_tab: bool = True) -> None:  # noqa: FBT001, FBT002  # as Textual declares it
        """Nothing: a dashboard names no places to go to."""

    def deliver_binary(
        self,
        binary: BinaryIO | TextIO,
        *,
        delivery_key: str,
        save_path: Path,
        open_method: Literal["browser", "download"] = "download",
        encoding: str | None = None,
        mime_type: str | None = None,
        name: str | None = None,
    ) -> None:
        """Have the page download a file."""
        with binary:
            found = binary.read()
        data = found.encode(encoding or "utf-8") if isinstance(found, str) else found
        key = self._downloads.put(Delivery(save_path.name, data))
        self._outlet.tell(json.dumps(["deliver_file_start", key]))
