"""What the events of pre-training say of each layer: its measures over the layer's own steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dlbench.state.event_fields import Event, count, numbers, text
from dlbench.state.timeline import Timeline

FACTS = frozenset({"v", "seq", "time", "kind", "session", "worker", "stack", "layer", "step", "phase"})
"""Fields of a `pretrain` event that are no measures."""


@dataclass(frozen=True)
class Stand:
    """How far a session's pre-training is: in the layer at this place (from 1) of so many, at this step of so many."""

    layer: str
    place: int
    layers: int
    step: int
    steps: int

    @property
    def progress(self) -> float:
        """The share that is done, 0 to 1, a layer counting like any other."""
        return min((self.place - 1 + self.step / self.steps) / self.layers, 1.0)


class PretrainingState:
    """The records of a stack's `pretrain` events, a timeline a layer.

    It is over before the stack's step 0. So what a later session pre-trains again is told by its own records: from its
    first of a layer on, older ones are void.
    """

    def __init__(self) -> None:
        self.layers: dict[str, Timeline] = {}
        """Fields: measures as `[trials]`; `epoch` and `seconds` as scalars. In the order of the first events."""
        self._begun: dict[tuple[str, int], int] = {}
        self._stands: dict[int, Stand] = {}

    def record(self, event: Event, session: int, trials: int) -> None:
        """Take in an event of a session; one without a layer or a step is passed over."""
        layer, step = text(event, "layer"), count(event, "step")
        if layer is None or step is None or self._is_void(layer, step, session):
            return
        timeline = self.layers.setdefault(layer, Timeline())
        if step < self._begun.get((layer, session), step + 1):
            self._begun[layer, session] = step
            timeline.drop_after(step - 1, session)
        place, layers, steps = (count(event, name) for name in ("place", "layers", "steps"))
        if place and layers and steps:
            self._stands[session] = Stand(layer, place, layers, step, steps)
        values = {name: numbers(value, (trials,), np.float64) for name, value in event.items() if name not in FACTS}
        values |= {name: numbers(event.get(name), (), np.float64) for name in ("epoch", "seconds")}
        timeline.record(step, session, {name: value for name, value in values.items() if value is not None})

    @property
    def stand(self) -> Stand | None:
        """How far the newest session that told of it is; `None` where none did."""
        return self._stands[max(self._stands)] if self._stands else None

    def last(self, name: str, position: int) -> float | None:
        """The last value of a measure of the first layer, for the trial at that position."""
        first = next(iter(self.layers.values()), None)
        series = None if first is None else first.series(name)
        return float(series[-1, position]) if series is not None and series.ndim == 2 and len(series) else None

    def seconds(self, trials: int) -> float | None:
        """One trial's share of the time that all layers took so far."""
        series = [
            found for layer in self.layers.values() if (found := layer.series("seconds")) is not None and len(found)
        ]
        return max(float(found[-1]) for found in series) / trials if series else None

    def _is_void(self, layer: str, step: int, session: int) -> bool:
        """Whether a newer session has begun the layer at that step or before."""
        return any(first <= step for (name, newer), first in self._begun.items() if name == layer and newer > session)
