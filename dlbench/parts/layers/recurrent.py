"""What recurrent layers share: a sequence is read step by step, and a state is handed on from each step to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from dlbench.parts.activations import slope
from dlbench.parts.arguments import Init, Settings
from dlbench.parts.layers.base import Buffer, LayerContext, Shape, ShapeError, Weight
from dlbench.parts.lazy import torch
from dlbench.parts.products import baddbmm, bmm

State: TypeAlias = "tuple[torch.Tensor, ...]"
"""What a step hands on to the next, `[trials, batch, units]` each; the first is the output h."""

ORTHOGONAL: Settings = {"kind": "orthogonal", "gain": 1.0}
TANH: Settings = {"kind": "tanh"}


class Recurrent:
    """A layer that reads a sequence `(time, features)`, or an image row by row, and begins with a state of zeros.

    `GATES` matrices of `units` columns lie side by side in its weights, each drawn alone by its init. Of an image
    `(channels, height, width)` height is time, and a row of all channels makes the features.
    """

    KIND: ClassVar[str]
    GATES: ClassVar[int]
    STATES: ClassVar[int] = 1

    activation: Settings = TANH

    def __init__(
        self,
        units: int,
        *,
        init: Init | None,
        recurrent_init: Init,
        bias: bool,
        bias_init: Init | None,
        sequences: bool,
    ) -> None:
        self.units = units
        self.init: Settings = init or {"kind": "torch_default"}
        self.recurrent_init = recurrent_init
        self.bias = bias
        self.bias_init: Settings = bias_init or {"kind": "zeros"}
        self.sequences = sequences

    def output(self, shape: Shape) -> Shape:
        """`(units,)` after the last step, with `sequences` `(time, units)`; raises `ShapeError` on anything but a sequence."""
        time, _ = self._sequence(shape)
        return (time, self.units) if self.sequences else (self.units,)

    def times(self, shape: Shape) -> int:
        """The length of the sequence."""
        return self._sequence(shape)[0]

    def widest(self, shape: Shape) -> int:
        """What all steps take of the input, before a state comes to it."""
        return self.times(shape) * self.GATES * self.units

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """`weight` W `(features, gates * units)`, `recurrent` U `(units, gates * units)`, `bias` b `(1, gates * units)`."""
        (time, features), units, gates = self._sequence(shape), self.units, self.GATES
        width, leak = gates * units, slope(self.activation)
        weights = {
            "weight": Weight((features, width), features, units, self.init, uses=time, gates=gates, slope=leak),
            "recurrent": Weight((units, width), units, units, self.recurrent_init, uses=time, gates=gates, slope=leak),
        }
        if self.bias:
            bias = Weight((1, width), features, units, self.bias_init, is_bias=True, uses=time, gates=gates)
            weights["bias"] = bias
        return weights

    def buffers(self, shape: Shape) -> Mapping[str, Buffer]:
        """None."""
        del shape
        return {}

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """`[trials, batch, time, features]` or images to `[trials, batch, units]`, with `sequences` `[trials, batch, time, units]`.

        One batched product serves the inputs of all steps, one more each step.
        """
        state: State = (x.new_zeros(*x.shape[:2], self.units),) * self.STATES
        outputs = []
        for inputs in self._products(x, weights):
            state = self.step(inputs, state, weights)
            outputs.append(state[0])
        if place.states is not None:
            place.states += outputs
        return torch.stack(outputs, dim=2) if self.sequences else outputs[-1]

    def step(self, inputs: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> State:
        """The next state, from x W + b of this step, `[trials, batch, gates * units]`, and the state before."""
        raise NotImplementedError

    def offset(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
        """What is added to x W, `[trials, 1, gates * units]` or one for all trials."""
        del x
        return weights.get("bias")

    def _products(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """x W + b of every step, `[trials, batch, gates * units]` each."""
        trials, batch, offset = *x.shape[:2], self.offset(x, weights)
        weight, flat = weights["weight"], by_time(x).flatten(1, 2)
        products = bmm(flat, weight) if offset is None else baddbmm(offset, flat, weight)
        return products.view(trials, -1, batch, weight.shape[-1]).unbind(1)

    def _sequence(self, shape: Shape) -> tuple[int, int]:
        """Steps of time, and features in each."""
        if len(shape) == 3:
            channels, height, width = shape
            return height, channels * width
        if len(shape) == 2:
            return shape[0], shape[1]
        raise ShapeError(
            f"'{self.KIND}' takes a sequence (time, features) or an image (channels, height, width), but gets {shape}; "
            "after another recurrent layer, write sequences = true in that one; after images, remove the layer that flattens them"
        )


def by_time(x: torch.Tensor) -> torch.Tensor:
    """`[trials, time, batch, features]` of sequences or images: time before the batch, so that a step's numbers lie together."""
    # An image's rows come before its channels.
    rows = x.transpose(2, 3).flatten(3) if x.dim() == 5 else x
    return rows.transpose(1, 2)
