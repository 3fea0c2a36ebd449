"""Records over steps, kept compactly: one growable array a field, ordered by step."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64] | NDArray[np.float32]
FIRST_CAPACITY = 16


class Timeline:
    """Records of fixed fields at ascending steps; a later session's record of a step replaces an older one's.

    A field that a record lacks reads NaN there. `steps` is the list of steps; `series(field)` runs parallel to it.
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.rewritten = 0
        """Changes that were not appends: records put in between, replaced, or forgotten."""
        self._sessions: list[int] = []
        self._fields: dict[str, Array] = {}
        self._capacity = FIRST_CAPACITY

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def fields(self) -> list[str]:
        """The fields that any record has had."""
        return list(self._fields)

    def series(self, field: str) -> Array | None:
        """All values of a field, `[records, ...]`; `None` if no record has had it."""
        buffer = self._fields.get(field)
        return None if buffer is None else buffer[: len(self.steps)]

    def record(self, step: int, session: int, values: Mapping[str, Array]) -> None:
        """Put one record in its place; fields whose shape is not that of earlier records are left out."""
        index = bisect_left(self.steps, step)
        if index < len(self.steps) and self.steps[index] == step:
            if self._sessions[index] > session:
                return
            self._sessions[index] = session
            self.rewritten += 1
            for buffer in self._fields.values():
                buffer[index] = np.nan
        else:
            self.rewritten += index < len(self.steps)
            self._open(index)
            self.steps.insert(index, step)
            self._sessions.insert(index, session)
        for field, value in values.items():
            if field not in self._fields:
                self._fields[field] = np.full((self._capacity, *value.shape), np.nan, value.dtype)
            if self._fields[field].shape[1:] == value.shape:
                self._fields[field][index] = value

    def drop_after(self, step: int, before_session: int) -> None:
        """Forget the records after `step` that sessions older than `before_session` wrote."""
        records = zip(self.steps, self._sessions, strict=True)
        keep = [at <= step or session >= before_session for at, session in records]
        if all(keep):
            return
        self.rewritten += 1
        count = sum(keep)
        for buffer in self._fields.values():
            buffer[:count] = buffer[: len(keep)][keep]
        self.steps = [at for at, kept in zip(self.steps, keep, strict=True) if kept]
        self._sessions = [session for session, kept in zip(self._sessions, keep, strict=True) if kept]

    def _open(self, index: int) -> None:
        """Make room for a record at `index`."""
        count = len(self.steps)
        if count == self._capacity:
            self._capacity *= 2
            self._fields = {field: _grown(buffer, self._capacity) for field, buffer in self._fields.items()}
        for buffer in self._fields.values():
            buffer[index + 1 : count + 1] = buffer[index:count].copy()
            buffer[index] = np.nan


def _grown(buffer: Array, capacity: int) -> Array:
    grown = np.full((capacity, *buffer.shape[1:]), np.nan, buffer.dtype)
    grown[: len(buffer)] = buffer
    return grown
