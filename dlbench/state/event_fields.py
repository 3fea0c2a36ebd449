"""The fields of events, read defensively: what does not have the promised type and shape is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import numpy as np
import orjson
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
    if not isinstance(value, (np.ndarray, list, int, float)):
        return None
    try:
        with np.errstate(over="ignore"):
            found = np.array(_in_line(value) if kind is np.float64 else value, dtype=kind)
    except (TypeError, ValueError, OverflowError):
        return None
    if not _fits(found.shape, shape):
        return None
    finite = np.isfinite(found)
    if not finite.all():
        found[~finite] = np.nan
    return found


def arrays(fields: Mapping[str, object], shape: tuple[int | None, ...], kind: type[Float]) -> dict[str, NDArray[Float]]:
    """Those of the fields that have the shape, each as `numbers` reads it."""
    found = {name: numbers(value, shape, kind) for name, value in fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def _in_line(value: object) -> object:
    """Floats of single precision as a line has them, wherever an array was kept."""
    return as_written(value) if isinstance(value, np.ndarray) and value.dtype == np.float32 else value


def as_written(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Single precision by the fewest digits that name it: 1e-06, not 9.99999997e-07; what is no finite number is NaN."""
    told = orjson.loads(orjson.dumps(values.astype(np.float32, order="C"), option=orjson.OPT_SERIALIZE_NUMPY))
    return np.array(told, np.float64).reshape(values.shape)


def whole_numbers(value: object, dimensions: int) -> NDArray[np.int64] | None:
    """Whole numbers from 0 on in nested lists of equal length, or an array; `None` unless they are that, so many deep."""
    found = _counts(value, dimensions)
    return None if found is None else found.astype(np.int64)


def tallies(value: object, shape: tuple[int | None, ...]) -> Counts | None:
    """Counts in the smallest type that holds them; `None` unless they have the shape (`None`: any length)."""
    found = _counts(value, len(shape))
    if found is None or not _fits(found.shape, shape):
        return None
    return found.astype(np.min_scalar_type(int(found.max())))


def _counts(value: object, dimensions: int) -> NDArray[np.integer[Any]] | None:
    if not isinstance(value, (np.ndarray, list)):
        return None
    try:
        found = np.array(value)
    except (ValueError, OverflowError):
        return None
    is_whole = found.ndim == dimensions and found.dtype.kind in "iu" and found.size
    return found if is_whole and 0 <= found.min() <= found.max() <= LARGEST else None


def _fits(have: tuple[int, ...], want: tuple[int | None, ...]) -> bool:
    return len(have) == len(want) and all(b in {None, a} for a, b in zip(have, want, strict=True))
