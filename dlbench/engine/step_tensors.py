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


SMALL = 1 << 14
"""Weights of a layer up to which it is cheaper to copy those of several layers together than to measure one after the other."""

FEW = 1 << 10
"""Outputs of a layer up to which their moments are taken in two passes over copies in double; one pass goes number by number."""


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
        """A function of each layer's numbers, from `[trials, weights]` to `[trials]`; NaN where a layer has no weights.

        Small layers with as many weights are given to it together, as if each were a trial.
        """
        trials = self._rows.shape[0]
        found = self._rows.new_full((trials, len(self._slots)), torch.nan)
        for layers in _alike(self._slots):
            found[:, layers] = function(self._of(layers)).view(trials, len(layers))
        return found

    def _of(self, layers: Sequence[int]) -> Tensor:
        """The numbers of layers of one size, `[trials * layers, weights]`; those of several weights are put together."""
        parts = [self._rows[:, slot.start : slot.stop] for layer in layers for slot in self._slots[layer]]
        if len(parts) == 1:
            return parts[0]
        return torch.cat(parts, dim=1).view(len(layers) * self._rows.shape[0], -1)


def _alike(slots: Slots) -> list[list[int]]:
    """The layers with weights, those together that are of one size and small."""
    found: dict[tuple[int, int], list[int]] = {}
    for layer, own in enumerate(slots):
        if size := sum(slot.stop - slot.start for slot in own):
            found.setdefault((size, -1 if size <= SMALL else layer), []).append(layer)
    return list(found.values())


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
        """The standard deviation and the mean."""
        if self.values.shape[2] > FEW:
            std, mean = torch.std_mean(self.values, dim=2, correction=0)
            return std, mean
        exact = self.values.to(precise(self.values.device))
        mean = exact.mean(dim=2)
        return (exact - mean.unsqueeze(2)).square_().mean(dim=2).sqrt().float(), mean.float()

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
