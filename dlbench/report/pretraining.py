"""What pre-training told of each layer: its measures over the layer's own steps."""

from __future__ import annotations

import numpy as np

from dlbench.report.fields import Event, count, numbers, text
from dlbench.report.timeline import Timeline

FACTS = frozenset({"v", "seq", "time", "kind", "session", "worker", "stack", "layer", "step", "phase"})
"""Fields of a `pretrain` event that are no measures."""


class Pretraining:
    """The records of a stack's `pretrain` events, a timeline a layer.

    It is over before the stack's step 0. So what a later session pre-trains again is told by its own records: from its
    first of a layer on, older ones are void.
    """

    def __init__(self) -> None:
        self.layers: dict[str, Timeline] = {}
        """Fields: measures as `[trials]`; `epoch` and `seconds` as scalars. In the order of the first events."""
        self._begun: dict[tuple[str, int], int] = {}

    def record(self, event: Event, session: int, trials: int) -> None:
        """Take in an event of a session; one without a layer or a step is passed over."""
        layer, step = text(event, "layer"), count(event, "step")
        if layer is None or step is None or self._is_void(layer, step, session):
            return
        timeline = self.layers.setdefault(layer, Timeline())
        if step < self._begun.get((layer, session), step + 1):
            self._begun[layer, session] = step
            timeline.drop_after(step - 1, session)
        values = {name: numbers(value, (trials,), np.float64) for name, value in event.items() if name not in FACTS}
        values |= {name: numbers(event.get(name), (), np.float64) for name in ("epoch", "seconds")}
        timeline.record(step, session, {name: value for name, value in values.items() if value is not None})

    def _is_void(self, layer: str, step: int, session: int) -> bool:
        """Whether a newer session has begun the layer at that step or before."""
        return any(first <= step for (name, newer), first in self._begun.items() if name == layer and newer > session)
