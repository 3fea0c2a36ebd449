"""A command in a terminal of its own: what it writes is counted and searched, keys are pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

PATIENCE = 120.0
"""Seconds after which what was waited for is taken never to come."""


class Terminal:
    """`python ARGUMENTS` on a pseudo-terminal of so many columns and rows."""

    def __init__(self, arguments: list[str], *, columns: int = 120, rows: int = 40) -> None:
        self.started = time.perf_counter()
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            # Users have compiled modules; where nobody may write them, every start would compile anew.
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.written = 0
        """Bytes that the command has written so far."""
        self._recent = b""

    def press(self, keys: str) -> None:
        """Send keys."""
        os.write(self._file, keys.encode())

    def read(self, seconds: float) -> bool:
        """Read what comes within so many seconds, returning at the first piece; False when the command has ended."""
        if not select.select([self._file], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self._file, 1 << 16)
        except OSError:
            return False
        self.written += len(piece)
        self._recent = (self._recent + piece)[-(1 << 18) :]
        return bool(piece)

    def watch(self, seconds: float) -> int:
        """Read for so many seconds; how many bytes came."""
        before, end = self.written, time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0 and self.read(left):
            pass
        return self.written - before

    def wait_for(self, text: str) -> float:
        """Seconds until `text` has been written, from now on; what came before is forgotten first."""
        began, self._recent = time.perf_counter(), b""
        while text.encode() not in self._recent:
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError(f"{text!r} never came; the last was {self._recent[-2000:]!r}")
            if not self.read(0.5) and text.encode() not in self._recent:
                raise RuntimeError(f"the command ended without {text!r}; the last was {self._recent[-2000:]!r}")
        return time.perf_counter() - began

    def resident_mb(self) -> float:
        """The memory of the command's process now, in MB."""
        import psutil

        return float(psutil.Process(self.pid).memory_info().rss) / 1e6

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._file)
