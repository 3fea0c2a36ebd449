"""What a loop logs: kept as it comes, tensors on their devices, and thinned out where it comes at every step."""

from __future__ import annotations

from collections.abc import Iterable
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


@dataclass(slots=True)
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
        self._due: dict[str, int] = {}
        """The step from which on a name is written again."""
        self._calm_until = 0
        """The step from which on any name of the open record is."""
        self._closed: list[LoggedStep] = []
        self.names: dict[str, None] = {}
        """Every name that was logged, in the order of their first times."""

    def log(self, step: int, values: dict[str, Any], seconds: float, rate: Any = None) -> None:
        """Keep values after so many steps; raises UsageError where one is no single number, or its name is taken.

        `rate` is the learning rate where `values` have none; what is logged again after the same step keeps the first one, since a
        scheduler may have changed it in between. `values` are used up.
        """
        record = self._open
        is_first = record is None or record.step != step or "learning_rate" not in record.values
        if rate is not None and is_first:
            values.setdefault("learning_rate", rate)
        for name, value in values.items():
            if type(value) is not float:
                values[name] = _kept(name, value)
        if record is not None and record.values.keys() == values.keys() and record.step < self._calm_until:
            # Nearly every step comes here: nothing of the last one is due, and all of it has become newer.
            record.step, record.values, record.seconds = step, values, seconds
            return
        for name in values:
            if name not in self.names:
                self._introduce(values)
        if record is not None and record.step == step:
            record.values |= values
            record.seconds = seconds
        else:
            self._close()
            record = self._open = LoggedStep(step, values, seconds)
        self._calm_until = min((self._due.get(name, 0) for name in record.values), default=0)

    def _introduce(self, names: Iterable[str]) -> None:
        for name in names:
            if not name.strip():
                raise UsageError("log: a number needs a name, and one has none")
            if name in RESERVED:
                raise UsageError(f"log: a number cannot be called '{name}', since events have that name for themselves")
        self.names |= dict.fromkeys(names)

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
        step, due = record.step, self._due
        for name in record.values:
            if step >= due.get(name, 0):
                break
        else:
            for name in record.values:
                self._waiting[name] = record
            return
        self._closed.append(record)
        for name in record.values:
            # The first step whose distance is the required part of it.
            due[name] = -(-step * DENSITY // (DENSITY - 1))
            self._waiting.pop(name, None)

    def _left(self) -> list[LoggedStep]:
        """What waits, the newest of each name, by step."""
        by_step: dict[int, LoggedStep] = {}
        for name, record in self._waiting.items():
            own = by_step.setdefault(record.step, LoggedStep(record.step, {}, record.seconds))
            own.values[name] = record.values[name]
        self._waiting = {}
        return [by_step[step] for step in sorted(by_step)]


def _kept(name: str, value: Any) -> Value:
    if isinstance(value, Tensor):
        try:
            # A number, or a copy where that would have to be waited for: whoever adds to a running sum in place would change it.
            return float(value.item()) if value.is_cpu else _copied(value)
        except (RuntimeError, TypeError) as error:
            shape = tuple(value.shape)
            raise UsageError(f"log: '{name}' must be a single number, not a tensor of shape {shape}") from error
    if isinstance(value, bool) or not isinstance(value, Real):
        item = getattr(value, "item", None)
        if item is None or getattr(value, "size", 1) != 1:
            raise UsageError(f"log: '{name}' must be a single number, not {type(value).__name__}")
        value = item()
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"log: '{name}' must be a single number, not {type(value).__name__}") from error


def _copied(value: Tensor) -> Tensor:
    if value.is_complex():
        raise TypeError
    return value.detach().reshape(()).clone()


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
