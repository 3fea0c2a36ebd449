"""Long short-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from annotated_types import Ge

from dlbench.parts.arguments import Init, Number, spread
from dlbench.parts.elementwise import sigmoid
from dlbench.parts.layers.base import LAYERS, Shape
from dlbench.parts.layers.recurrent import ORTHOGONAL, Recurrent, State
from dlbench.parts.lazy import torch
from dlbench.parts.products import baddbmm
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

    def offset(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
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

    def step(self, inputs: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> State:
        """The next (h, c)."""
        h, c = state
        sums = baddbmm(inputs, h, weights["recurrent"])
        gates, new = torch.split(sums, [3 * self.units, self.units], dim=-1)
        enter, keep, leave = sigmoid(gates).chunk(3, dim=-1)
        c = torch.addcmul(keep * c, enter, torch.tanh(new))
        return leave * torch.tanh(c), c
