"""What the measures of a step are computed from: the weights of a stack, row by row, and the outputs of its layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from dlbench.engine.devices import precise
from dlbench.parts.activations import bounds
from dlbench.parts.arguments import Number, spread
from dlbench.parts.outline import ProbeRow
from dlbench.parts.rows import Slot

Slots = Sequence[Sequence[Slot]]
"""The weights of each layer within a row of parameters; empty where it has none."""


class SlotNumbers:
    """One kind of numbers of all weights, rows `[trials, parameters]`, layer by layer (`dlbench.measures.base.LayerNumbers`)."""

    def __init__(self, rows: Tensor, slots: Slots, at_times: Mapping[int, Tensor] | None = None) -> None:
        """`at_times` are the norms `[trials]` at rows that show a step of time."""
        self._rows, self._slots, self._at_times = rows, slots, at_times or {}

    @cached_property
    def norms(self) -> Tensor:
        """Euclidean norms `[trials, layers]`, summed in double: squares of vanishing gradients underflow in single."""
        kind = precise(self._rows.device)
        norms = self.each(lambda numbers: torch.linalg.vector_norm(numbers, dim=1, dtype=kind).float())
        for layer, own in self._at_times.items():
            norms[:, layer] = own
        return norms

    def each(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """A function of each layer's numbers, from `[trials, weights]` to `[trials]`; NaN where a layer has no weights."""
        nothing = self._rows.new_full((self._rows.shape[0],), torch.nan)
        found = [function(self._of(slots)) if slots else nothing for slots in self._slots]
        return torch.stack(found, dim=1)

    def _of(self, slots: Sequence[Slot]) -> Tensor:
        """The numbers of a layer, `[trials, weights]`; those of several weights are put together."""
        parts = [self._rows[:, slot.start : slot.stop] for slot in slots]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


class StackWeights:
    """The weights of a stack around one step (`dlbench.measures.base.StepWeights`)."""

    def __init__(
        self, before: Tensor, after: Tensor, gradient: Tensor, slots: Slots, times: Mapping[int, Tensor]
    ) -> None:
        """Rows `[trials, parameters]`; `times` are the gradient's norms `[trials]` at rows that show a step of time."""
        self.gradient = SlotNumbers(gradient, slots, times)
        self.before = SlotNumbers(before, slots)
        self._after, self._before, self._slots = after, before, slots

    @cached_property
    def change(self) -> SlotNumbers:
        """The weights after the step less those before."""
        return SlotNumbers(self._after - self._before, self._slots)


class FamilyOutputs:
    """The outputs of the layers of one family (`dlbench.measures.base.Outputs`)."""

    def __init__(self, outputs: Sequence[Tensor], low: Number | None, high: Number | None) -> None:
        """`outputs` `[trials, samples, ...]` of each layer; `low` and `high` bound their activation, a number or one a trial."""
        self.values = torch.stack([own.flatten(1) for own in outputs], dim=1)
        self.samples = outputs[0].shape[1]
        self._shape = tuple(outputs[0].shape[2:])
        self.low = None if low is None else spread(low, self.values)
        self.high = None if high is None else spread(high, self.values)

    @cached_property
    def _moments(self) -> tuple[Tensor, Tensor]:
        """The standard deviation and the mean, in one pass."""
        std, mean = torch.std_mean(self.values, dim=2, correction=0)
        return std, mean

    @property
    def by_unit(self) -> Tensor:
        """The values as `[trials, layers, samples, units, places]`; channels come first, features of a sequence last."""
        values = self.values.view(*self.values.shape[:2], self.samples, *self._shape)
        if len(self._shape) == 2:
            return values.transpose(3, 4)
        return values.flatten(4) if self._shape[1:] else values.unsqueeze(4)

    @property
    def mean(self) -> Tensor:
        """Over batch and units, `[trials, layers]`."""
        return self._moments[1]

    @property
    def std(self) -> Tensor:
        """The standard deviation over batch and units, `[trials, layers]`."""
        return self._moments[0]


@dataclass(frozen=True)
class Family:
    """Layers whose outputs have one shape and one pair of bounds, to be measured together."""

    layers: list[int]
    low: Number | None
    high: Number | None

    def outputs(self, taps: Sequence[Tensor]) -> FamilyOutputs:
        """Their outputs, of what the forward pass handed out of all layers."""
        return FamilyOutputs([taps[layer] for layer in self.layers], self.low, self.high)


def families_of(rows: Sequence[ProbeRow]) -> list[Family]:
    """All layers whose outputs are seen in families, in the order in which each begins."""
    members: dict[tuple[object, ...], Family] = {}
    for layer, row in enumerate(rows):
        if row.output is None:
            continue
        low, high = (None, None) if row.activation is None else bounds(row.activation)
        members.setdefault((row.output, low, high), Family([], low, high)).layers.append(layer)
    return list(members.values())
