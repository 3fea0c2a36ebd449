"""Arrays that numpy has saved: the members of an archive, or files of a folder; read whole, or row by row. Imports no torch."""

from __future__ import annotations

import mmap
import os
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from dlbench.errors import SetupError
from dlbench.files import open_file

LOCAL_HEADER = 30
"""Bytes of a member's header in an archive before its name; the last four say how long name and extra field are."""
UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error)


@contextmanager
def reading_archive(file: Path) -> Iterator[None]:
    """Turn what numpy and zipfile raise on a broken file into one text."""
    try:
        yield
    except UNREADABLE as error:
        how = "a folder of npy files" if file.is_dir() else "an npz archive"
        text = (
            f"{file} cannot be read as {how} ({error}); write it again with numpy.savez and "
            f"x_train, y_train, x_test, y_test"
        )
        raise SetupError(text) from error


@dataclass(frozen=True)
class Header:
    """What stands before the numbers of an array, and how many bytes that takes."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]
    length: int


@dataclass(frozen=True)
class StoredArrays:
    """The arrays of an archive, or of a folder with a file `NAME.npy` each; called by its place in messages."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @cached_property
    def is_folder(self) -> bool:
        """Whether each array is a file of its own."""
        return self.path.is_dir()

    def names(self) -> list[str]:
        """What the arrays are called; other files of a folder are passed over."""
        if self.is_folder:
            return sorted(file.stem for file in self.path.glob("*.npy"))
        with zipfile.ZipFile(self.path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]

    def header(self, key: str) -> Header:
        """Shape and type of one array, without reading its data."""
        with self._opened(key) as file:
            read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
            return Header(*read(file), file.tell())

    def read(self, key: str) -> NDArray[Any]:
        """One array, whole."""
        if self.is_folder:
            whole: NDArray[Any] = np.load(self._file(key), allow_pickle=False)
            return whole
        with np.load(self.path, allow_pickle=False) as archive:
            member: NDArray[Any] = archive[key]
        return member

    def rows(self, key: str) -> StoredRows | None:
        """One array, to be read row by row; `None` where it is compressed, or not all of it is there."""
        header = self.header(key)
        file, start = (self._file(key), 0) if self.is_folder else (self.path, self._start(key))
        if start is None or start + header.length + prod(header.shape) * header.dtype.itemsize > file.stat().st_size:
            return None
        return StoredRows(file, start + header.length, header)

    def _start(self, key: str) -> int | None:
        """Where an archive's member begins, unless it is compressed."""
        with zipfile.ZipFile(self.path) as archive:
            member = archive.getinfo(f"{key}.npy")
        if member.compress_type != zipfile.ZIP_STORED:
            return None
        with open_file(self.path) as file:
            file.seek(member.header_offset)
            lengths = file.read(LOCAL_HEADER)[-4:]
        return (
            member.header_offset + LOCAL_HEADER + sum(int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
        )

    def _file(self, key: str) -> Path:
        return self.path / f"{key}.npy"

    @contextmanager
    def _opened(self, key: str) -> Iterator[IO[bytes]]:
        if self.is_folder:
            with open_file(self._file(key)) as file:
                yield file
            return
        with zipfile.ZipFile(self.path) as archive, archive.open(f"{key}.npy") as member:
            yield member


class StoredRows:
    """Rows of an array in a file, each read when it is asked for; the file is held open, so that it stays the same one.

    It is mapped for as long as rows are copied, and never longer: so the process holds a batch of it, whatever it has read.
    """

    def __init__(self, file: Path, offset: int, header: Header) -> None:
        self._path, self._offset, self._header = file, offset, header
        self._end = offset + prod(header.shape) * header.dtype.itemsize

    @cached_property
    def _file(self) -> IO[bytes]:
        file = open_file(self._path)
        weakref.finalize(self, file.close)
        return file

    def __call__(self, at: NDArray[np.intp]) -> NDArray[Any]:
        """`[k, ...]` as it was saved, at positions `[k]`; raises SetupError where the file has become shorter."""
        header, number = self._header, self._file.fileno()
        # A page beyond the end of a file that was cut meanwhile would end the process without a word.
        if os.fstat(number).st_size < self._end:
            raise SetupError(f"{self._path} has become shorter while it was read; write it again, and then start anew")
        mapped = mmap.mmap(number, self._end, access=mmap.ACCESS_READ)
        order: Literal["C", "F"] = "F" if header.is_fortran else "C"
        try:
            rows: NDArray[Any] = np.ndarray(header.shape, header.dtype, mapped, self._offset, order=order)[at]
        finally:
            mapped.close()
        return rows
