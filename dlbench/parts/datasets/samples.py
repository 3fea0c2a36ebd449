"""Samples as a dataset hands them out: an array, or on disk until they are asked for. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.float32 | np.float64]
Held: TypeAlias = Literal["auto", "memory", "disk"]
"""Where samples stay while nets learn from them."""

LARGE = 1 << 31
"""Bytes in float32 beyond which "auto" leaves samples on disk. It goes by the data alone, never by the machine: small nets
take other last digits from memory, where the native loop trains them."""

CHUNK = 1 << 20
"""Numbers that are looked at together where all samples are gone through: 8 MiB in float64."""


class OnDisk:
    """Samples `[samples, *shape]` that are read, or decoded, each time they are asked for.

    `read` takes positions `[k]` and returns `[k, *shape]` of type `dtype`; `at` are those of these samples in their order.
    `prepare` is done to what was read, and then they are float32. Choosing rows reads nothing.
    """

    def __init__(
        self,
        read: Callable[[NDArray[np.intp]], Numbers],
        at: NDArray[np.intp],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        prepare: Callable[[Numbers], Floats] | None = None,
    ) -> None:
        self._read, self._at, self._prepare = read, at, prepare
        self.shape, self.dtype = (len(at), *shape), dtype

    def __len__(self) -> int:
        return len(self._at)

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> OnDisk:
        return OnDisk(self._read, self._at[chosen], self.shape[1:], self.dtype, self._prepare)

    def prepared_by(self, prepare: Callable[[Numbers], Floats]) -> OnDisk:
        """The same samples, each as `prepare` makes it."""
        return OnDisk(self._read, self._at, self.shape[1:], np.dtype(np.float32), prepare)

    def gather(self, chosen: NDArray[np.intp] | slice) -> Numbers:
        """Some of them as an array; raises `SetupError` where they cannot be read."""
        found = self._read(self._at[chosen])
        return found if self._prepare is None else self._prepare(found)


Samples: TypeAlias = Numbers | OnDisk


def chunks(x: Samples) -> Iterator[Numbers]:
    """All samples in their order, some at a time, the same ones together whether they are in memory or on disk."""
    rows = max(1, CHUNK // max(1, prod(x.shape[1:])))
    for start in range(0, len(x), rows):
        part = slice(start, start + rows)
        yield x.gather(part) if isinstance(x, OnDisk) else x[part]


def stays_on_disk(held: Held, samples: int, shape: tuple[int, ...]) -> bool:
    """Whether so many samples of a shape are left on disk."""
    return held == "disk" or (held == "auto" and 4 * samples * prod(shape) > LARGE)
