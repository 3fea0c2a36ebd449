"""Following a file that grows by lines, whatever else happens to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dlbench.files import open_file

LONGEST_LINE = 128 * 2**20
"""Bytes of a line beyond which nobody wrote it as one: what stands behind is not read."""


class Tail:
    """Hands out the complete lines of a file, each once; polling an unchanged file costs one `stat`.

    A last line without its newline is not yet written. A file that shrank or was replaced is read again from its start
    and counted in `restarts`; what was handed out before is for the caller to recognise.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        """Bytes handed out so far."""
        self.restarts = 0
        self._identity: tuple[int, int] | None = None
        self._exhausted_at = 0

    def lines(self) -> Iterator[bytes]:
        """The complete lines that are new, with their newlines; whoever stops early gets the rest at the next call."""
        try:
            size = self._look()
            if size == self._exhausted_at:
                return
            with open_file(self.path) as file:
                file.seek(self.offset)
                while line := file.readline(LONGEST_LINE):
                    if not line.endswith(b"\n"):
                        if len(line) == LONGEST_LINE:
                            yield line  # no line of ours: whoever reads it tells that, and nobody reads on
                        break
                    self.offset += len(line)
                    yield line
        except OSError:
            # Not there, not readable, a stale network handle: nothing new for now, the next call tries again.
            return
        self._exhausted_at = size

    def _look(self) -> int:
        status = self.path.stat()
        identity = (status.st_dev, status.st_ino)
        if self._identity not in (None, identity) or status.st_size < self.offset:
            self.offset = self._exhausted_at = 0
            self.restarts += 1
        self._identity = identity
        return status.st_size
