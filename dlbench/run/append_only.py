"""An append-only file, written by the one process that created it."""

from __future__ import annotations

import os
from pathlib import Path

from dlbench.errors import SetupError
from dlbench.run.atomic import writing


class AppendOnlyFile:
    """A new file, appended to through a buffer.

    Raises SetupError where the file exists already (it has another writer), UnwritableError on a full disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        """Bytes appended so far, those in the buffer with them: where the next will stand."""
        self._buffer = bytearray()
        with writing(path):
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError as error:
                raise SetupError(f"{path} has a writer already; a worker of this session was started twice") from error

    def append(self, data: bytes) -> None:
        """Put bytes into the buffer; `flush` hands it to the system in one write."""
        self._buffer += data
        self.size += len(data)

    def flush(self, *, sync: bool = False) -> None:
        """Hand the buffer to the system; with `sync`, wait until the disk has it.

        Raises UnwritableError on a full disk, and where the file was deleted, which the system would not mind.
        """
        with writing(self.path):
            if not os.fstat(self._file).st_nlink:
                raise FileNotFoundError
            while self._buffer:
                # What a short write left stays in the buffer, so that the rest follows it and nothing is begun again.
                del self._buffer[: os.write(self._file, self._buffer)]
            if sync:
                os.fsync(self._file)

    def close(self) -> None:
        """Write what is left and close the file; a second call does nothing."""
        if self._file >= 0:
            self.flush(sync=True)
            os.close(self._file)
            self._file = -1
