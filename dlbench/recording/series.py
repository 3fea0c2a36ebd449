"""What a loop logs: kept as it comes, tensors on their devices, and thinned out where it comes at every step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, TypeAlias

import torch
from torch import Tensor

from dlbench.errors import UsageError

DENSITY = 256
"""A name that is logged at every step is kept at every step up to this one, then at distances of this part of the steps so far."""

RESERVED = frozenset(
    {"self", "v", "seq", "time", "kind", "crc", "arrays", "stack", "step", "session", "worker", "seconds"}
)
"""Fields of every event, which no name of a number can be."""

Value: TypeAlias = Tensor | float


@dataclass
class LoggedStep:
    """Everything that was logged after one number of steps."""

    step: int
    values: dict[str, Value] = field(default_factory=dict)
    seconds: float = 0.0


class LoggedSeries:
    """Collects values by name and step. `closed` are the steps that are complete and due to be written.

    A step is due where any of its names is; what is not due waits, the newest of each name, so that the last one is never lost.
    """

    def __init__(self) -> None:
        self._open: LoggedStep | None = None
        self._waiting: dict[str, LoggedStep] = {}
        self._written: dict[str, int] = {}
        self._closed: list[LoggedStep] = []
        self.names: dict[str, None] = {}
        """Every name that was logged, in the order of their first times."""

    def log(self, step: int, values: Mapping[str, Any], seconds: float) -> None:
        """Keep values after so many steps; raises UsageError where one is no single number, or its name is taken."""
        kept = {name: _kept(name, value) for name, value in values.items()}
        if self._open is None or self._open.step != step:
            self._close()
            self._open = LoggedStep(step)
        self._open.values |= kept
        self._open.seconds = seconds
        self.names |= dict.fromkeys(kept)

    def has(self, step: int, name: str) -> bool:
        """Whether anything was logged under this name after so many steps, where these are the newest."""
        return self._open is not None and self._open.step == step and name in self._open.values

    def take(self, step: int | None = None) -> list[LoggedStep]:
        """The records that are due, ascending by step, their values numbers now; without a step, all that is left."""
        if self._open is not None and self._open.step != step:
            self._close()
        if step is None:
            self._closed += self._left()
        due, self._closed = self._closed, []
        return _on_host(due)

    def _close(self) -> None:
        if self._open is None:
            return
        record, self._open = self._open, None
        if any(self._is_due(name, record.step) for name in record.values):
            self._closed.append(record)
            for name in record.values:
                self._written[name] = record.step
                self._waiting.pop(name, None)
        else:
            self._waiting |= dict.fromkeys(record.values, record)

    def _is_due(self, name: str, step: int) -> bool:
        return name not in self._written or step - self._written[name] >= step / DENSITY

    def _left(self) -> list[LoggedStep]:
        """What waits, the newest of each name, by step."""
        by_step: dict[int, LoggedStep] = {}
        for name, record in self._waiting.items():
            own = by_step.setdefault(record.step, LoggedStep(record.step, {}, record.seconds))
            own.values[name] = record.values[name]
        self._waiting = {}
        return [by_step[step] for step in sorted(by_step)]


def _kept(name: str, value: Any) -> Value:
    if name in RESERVED:
        raise UsageError(f"log: a number cannot be called '{name}', since events have that name for themselves")
    if isinstance(value, Tensor):
        if value.numel() != 1 or value.is_complex():
            raise UsageError(f"log: '{name}' must be a single number, not a tensor of shape {tuple(value.shape)}")
        # A copy: whoever adds to a running sum in place would change what was logged.
        return value.detach().reshape(()).clone()
    if isinstance(value, bool) or not isinstance(value, Real):
        item = getattr(value, "item", None)
        if item is None or getattr(value, "size", 1) != 1:
            raise UsageError(f"log: '{name}' must be a single number, not {type(value).__name__}")
        value = item()
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"log: '{name}' must be a single number, not {type(value).__name__}") from error


def _on_host(records: list[LoggedStep]) -> list[LoggedStep]:
    """The records with plain numbers; one copy from each device."""
    tensors: dict[torch.device, list[tuple[LoggedStep, str, Tensor]]] = {}
    for record in records:
        for name, value in record.values.items():
            if isinstance(value, Tensor):
                tensors.setdefault(value.device, []).append((record, name, value))
    for device, found in tensors.items():
        kind = torch.float32 if device.type == "mps" else torch.float64
        numbers = torch.stack([value.to(kind) for _, _, value in found]).tolist()
        for (record, name, _), number in zip(found, numbers, strict=True):
            record.values[name] = number
    return records


def is_number(value: Value | None) -> bool:
    """Whether a value is there and finite."""
    return isinstance(value, float) and math.isfinite(value)
