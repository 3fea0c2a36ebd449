"""What a worker's process has printed: the last lines of its file, made harmless."""

from __future__ import annotations

import re
from pathlib import Path

from dlbench.files import open_file

KEPT_LINES = 2000
"""How many of the last lines are of interest."""
TAIL_BYTES = 512 * 1024
"""How much of a file is read at once at most; what stands before is passed over."""
LONGEST = 2000
"""Characters of a line; the rest is cut."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|\x9c|$)"  # OSC and other strings: titles, links, the clipboard
    r"|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def harmless(line: str) -> str:
    """A line as it may be shown: without escape sequences, other control characters as `?`, of a progress bar the last state."""
    plain = _ESCAPES.sub("", line).expandtabs()
    last = next((part for part in reversed(plain.split("\r")) if part.strip()), "")
    return _CONTROLS.sub("?", last)[:LONGEST].rstrip()


class Console:
    """Follows one worker's file. A file that shrank or went is read again from its start; a torn last line waits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._rest = b""

    def poll(self) -> list[str]:
        """The new lines, at most `KEPT_LINES`; none where there is no file."""
        try:
            with open_file(self.path) as file:
                size = file.seek(0, 2)
                if size < self._offset:
                    self._offset, self._rest = 0, b""
                skips = size - self._offset > TAIL_BYTES
                if skips:
                    self._offset, self._rest = size - TAIL_BYTES, b""
                file.seek(self._offset)
                data = file.read(size - self._offset)
        except OSError:
            return []
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > TAIL_BYTES:
            self._rest = self._rest[-TAIL_BYTES:]
        return [harmless(line.decode(errors="replace")) for line in lines[skips:][-KEPT_LINES:]]


def consoles(folder: Path) -> list[int]:
    """The workers that have a file in a run's folder."""
    found = (re.fullmatch(r"console-w(\d+)\.log", path.name) for path in folder.glob("console-w*.log"))
    return sorted(int(match[1]) for match in found if match)
