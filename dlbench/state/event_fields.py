"""The fields of events, read with distrust: what is not of the promised type and shape is nothing."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import chain
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Event: TypeAlias = Mapping[str, Any]

Counts: TypeAlias = NDArray[np.unsignedinteger[Any]]
Float = TypeVar("Float", np.float32, np.float64)

LARGEST = 2**53


def count(event: Event, key: str) -> int | None:
    """A whole number from 0 on, or `None`."""
    value = event.get(key)
    ok = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return value if ok else None


def text(event: Event, key: str) -> str | None:
    """A text, or `None`."""
    value = event.get(key)
    return value if isinstance(value, str) else None


def positions(event: Event, key: str, trials: int) -> tuple[int, ...]:
    """The places that an event names, of so many trials of a stack."""
    named = event.get(key)
    if not isinstance(named, list):
        return ()
    return tuple(dict.fromkeys(one for one in named if type(one) is int and 0 <= one < trials))


def number(value: object) -> float | None:
    """A finite number, or `None`."""
    found = numbers(value, (), np.float64)
    return None if found is None or np.isnan(found) else float(found)


def numbers(value: object, shape: tuple[int | None, ...], kind: type[Float]) -> NDArray[Float] | None:
    """An event's array with `null`, NaN and infinity as NaN; `None` unless it has the shape (`None`: any length)."""
    if not isinstance(value, (list, int, float)):
        return None
    try:
        with np.errstate(over="ignore"):
            found = np.array(value, dtype=kind)
    except (TypeError, ValueError, OverflowError):
        return None
    if not _fits(found.shape, shape):
        return None
    finite = np.isfinite(found)
    if not finite.all():
        found[~finite] = np.nan
    return found


def whole_numbers(value: object, dimensions: int) -> NDArray[np.int64] | None:
    """Whole numbers from 0 on in nested lists of equal length; `None` unless they are that, so many deep."""
    if not isinstance(value, list):
        return None
    try:
        found = np.array(value)
    except (ValueError, OverflowError):
        return None
    ok = (
        found.ndim == dimensions
        and found.dtype.kind in "iu"
        and found.size
        and 0 <= found.min() <= found.max() <= LARGEST
    )
    return found.astype(np.int64) if ok else None


def tallies(value: object, trials: int, layers: int | None) -> Counts | None:
    """Counts `[trials][layers][bins]` in the smallest type that holds them; `None` unless they have the shape (`None`: any)."""
    if not isinstance(value, list) or len(value) != trials:
        return None
    try:
        # Flat lists into an array of the standard library: numpy takes half as long again for nested ones.
        rows = list(chain.from_iterable(value))
        shape = (trials, layers or len(rows) // trials, len(rows[0]))
        if any(len(own) != shape[1] for own in value) or any(len(row) != shape[2] for row in rows):
            return None
        counts = np.frombuffer(array("I", list(chain.from_iterable(rows))), np.uint32).reshape(shape)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return counts.astype(np.min_scalar_type(counts.max(initial=0)))


def _fits(have: tuple[int, ...], want: tuple[int | None, ...]) -> bool:
    return len(have) == len(want) and all(b in {None, a} for a, b in zip(have, want, strict=True))
