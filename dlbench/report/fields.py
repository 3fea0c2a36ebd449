"""The fields of events, read with distrust: what is not of the promised type and shape is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Event: TypeAlias = Mapping[str, Any]

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


def positions(event: Event, trials: int) -> tuple[int, ...]:
    """The places that a control names, of so many trials of a stack."""
    named = event.get("trials")
    if not isinstance(named, list):
        return ()
    return tuple(dict.fromkeys(one for one in named if type(one) is int and 0 <= one < trials))


def numbers(value: object, shape: tuple[int | None, ...]) -> NDArray[np.float64] | None:
    """An event's array as float64 with `null`, NaN and infinity as NaN; `None` unless it has the shape (`None`: any)."""
    if not isinstance(value, (list, int, float)):
        return None
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    if array.ndim != len(shape) or any(want not in {None, have} for want, have in zip(shape, array.shape, strict=True)):
        return None
    array[~np.isfinite(array)] = np.nan
    return array
