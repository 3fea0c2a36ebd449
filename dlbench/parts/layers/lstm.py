"""Long short-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from dlbench.parts.arguments import Init, Number, spread
from dlbench.parts.elementwise import sigmoid, sigmoid_
from dlbench.parts.layers.base import LAYERS, LayerContext, SavedForBackward, Shape
from dlbench.parts.layers.recurrent import ORTHOGONAL, Recurrent, State, by_time
from dlbench.parts.lazy import torch
from dlbench.parts.products import baddbmm, bmm
from dlbench.parts.torch_code import Arrays, TorchCode, arguments, recurrent, sequence


@LAYERS.add()
class Lstm(Recurrent):
    """Long short-term memory: a cell that gates let in, keep and let out (Hochreiter & Schmidhuber 1997, Gers et al. 2000).

    c_t = f c_{t-1} + i g and h_t = o tanh(c_t), with gates i, f, o = sigmoid(x_t W + h_{t-1} U + b), each with its own
    columns of W, U and b in the order i, f, o, g, and g = tanh of the same form. `forget_bias` is added to f's argument and
    not trained: at 1 the cell keeps at first, so that the gradient goes back through time (Jozefowicz et al. 2015; TensorFlow
    1's default). At 0 it is torch.nn.LSTM. Reads sequences `(time, features)`, and images row by row; gives the last h, `units`
    numbers, or with `sequences` all of them. `recurrent_init` fills U gate by gate; init and bias_init are the model's unless
    given.

    forget_bias: what is added to the forget gate's sum; 1 keeps the cell at first, 0 is torch's.
    """

    KIND = "lstm"
    GATES = 4
    STATES = 2

    def __init__(
        self,
        *,
        units: Annotated[int, Ge(1)],
        init: Init | None = None,
        recurrent_init: Init = ORTHOGONAL,
        bias: bool = True,
        bias_init: Init | None = None,
        forget_bias: Number = 1.0,
        sequences: bool = False,
    ) -> None:
        super().__init__(
            units, init=init, recurrent_init=recurrent_init, bias=bias, bias_init=bias_init, sequences=sequences
        )
        self.forget_bias = forget_bias

    def offset(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The bias, and the forget bias in the columns of f."""
        keeps = x.new_zeros(1, 1, self.GATES * self.units)
        keeps[:, :, self.units : 2 * self.units] = 1
        added = keeps * spread(self.forget_bias, keeps)
        bias = weights.get("bias")
        return added if bias is None else bias + added

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.LSTM`, whose gates are i, f, g, o; the forget bias becomes a part of its bias."""
        _, features = self._sequence(shape)
        given = arguments(features, self.units, batch_first=True)
        call = sequence(shape, "{module}({x})[0]", sequences=self.sequences)
        return TorchCode(f"nn.LSTM({given})", call, weights=self._as_torch)

    def _as_torch(self, own: Arrays) -> Arrays:
        keeps = np.zeros(self.GATES * self.units, np.float32)
        keeps[self.units : 2 * self.units] = float(self.forget_bias)
        return recurrent(own, (0, 1, 3, 2), keeps)

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """As every recurrent layer; where no gradient is recorded, in place, keeping what `backward` needs."""
        if torch.is_grad_enabled():
            return super().forward(x, weights, place)
        rows, units = by_time(x), self.units
        trials, times, batch, features = rows.shape
        # What a step sees lies side by side, its input, a 1 and h: so a product serves W, b and U, and later their gradients.
        seen = x.new_empty(trials, times + 1, batch, features + 1 + units)
        seen[:, :-1, :, :features], seen[:, :, :, features] = rows, 1
        h, c, bent = seen[..., features + 1 :], x.new_empty(trials, times + 1, batch, units), []
        h[:, 0], c[:, 0] = 0, 0
        offset = self.offset(x, weights).expand(trials, -1, -1)
        every, opened = torch.cat([weights["weight"], offset, weights["recurrent"]], dim=1), []
        for time in range(times):
            sums = bmm(seen[:, time], every)
            gates, new = torch.split(sums, [3 * units, units], dim=-1)
            enter, keep, leave = sigmoid_(gates).chunk(3, dim=-1)
            torch.mul(keep, c[:, time], out=c[:, time + 1]).addcmul_(enter, new.tanh_())
            bent.append(torch.tanh(c[:, time + 1]))
            torch.mul(leave, bent[-1], out=h[:, time + 1])
            opened.append(sums)
        if place.states is not None:
            place.states += h[:, 1:].unbind(1)
        place.kept = seen, c, bent, opened
        return (h[:, 1:].transpose(1, 2) if self.sequences else h[:, -1]).contiguous()

    def can_go_backward(self) -> bool:
        """Always."""
        return True

    def backward(
        self, gradient: torch.Tensor, passed: SavedForBackward, *, wants_input: bool
    ) -> tuple[torch.Tensor | None, list[torch.Tensor]]:
        """Back through time (Hochreiter & Schmidhuber 1997, appendix), and what the steps have in common at the end."""
        flows, units, aten = passed.place.flows, self.units, torch.ops.aten
        seen, c, bent, opened = passed.place.kept
        of_sums = c.new_empty(*seen.shape[:1], len(opened), seen.shape[2], self.GATES * units)
        of_h, of_c = gradient[:, :, -1] if self.sequences else gradient, torch.zeros_like(c[:, 0])
        for time in reversed(range(len(opened))):
            if flows is not None:
                flows.append(of_h)
            gates, new = torch.split(opened[time], [3 * units, units], dim=-1)
            enter, keep, leave = gates.chunk(3, dim=-1)
            of_gates, of_new = torch.split(of_sums[:, time], [3 * units, units], dim=-1)
            of_c += aten.tanh_backward(of_h * leave, bent[time])
            for own, one, other in zip(
                of_gates.chunk(3, dim=-1), (of_c, of_c, of_h), (new, c[:, time], bent[time]), strict=True
            ):
                torch.mul(one, other, out=own)
            aten.sigmoid_backward(of_gates, gates, grad_input=of_gates)
            aten.tanh_backward(of_c * enter, new, grad_input=of_new)
            if time:
                of_c *= keep
                of_h = bmm(of_sums[:, time], passed.weights["recurrent"].mT)
                if self.sequences:
                    of_h += gradient[:, :, time - 1]
        return self._gradients(of_sums.flatten(1, 2), passed, wants_input=wants_input)

    def _gradients(
        self, of_sums: torch.Tensor, passed: SavedForBackward, *, wants_input: bool
    ) -> tuple[torch.Tensor | None, list[torch.Tensor]]:
        """Those of the input, where it is wanted, and of W, U and b: a product each, over all steps of time together."""
        x, seen = passed.x, passed.place.kept[0][:, :-1].flatten(1, 2)
        weight = passed.weights["weight"]
        features = weight.shape[1]
        whole = bmm(seen.mT, of_sums)
        found = [
            whole[:, :features],
            whole[:, features + 1 :],
            *([whole[:, features : features + 1]] if self.bias else []),
        ]
        if not wants_input:
            return None, found
        rows = bmm(of_sums, weight.mT).view(x.shape[0], -1, *by_time(x).shape[2:]).transpose(1, 2)
        of_x = rows.reshape(*x.shape[:2], x.shape[3], x.shape[2], x.shape[4]).transpose(2, 3) if x.dim() == 5 else rows
        return of_x.contiguous(), found

    def step(self, inputs: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> State:
        """The next (h, c)."""
        h, c = state
        sums = baddbmm(inputs, h, weights["recurrent"])
        gates, new = torch.split(sums, [3 * self.units, self.units], dim=-1)
        enter, keep, leave = sigmoid(gates).chunk(3, dim=-1)
        c = torch.addcmul(keep * c, enter, torch.tanh(new))
        return leave * torch.tanh(c), c
