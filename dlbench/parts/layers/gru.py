"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge

from dlbench.parts.arguments import Init
from dlbench.parts.elementwise import sigmoid
from dlbench.parts.layers.base import LAYERS, Shape, Weight
from dlbench.parts.layers.recurrent import ORTHOGONAL, Recurrent, State
from dlbench.parts.lazy import torch
from dlbench.parts.products import bmm
from dlbench.parts.torch_code import TorchCode, arguments, recurrent, sequence, without_bias


@LAYERS.add()
class Gru(Recurrent):
    """The gated recurrent unit: two gates and no cell (Cho et al. 2014), in the form of cuDNN and torch.nn.GRU.

    h_t = (1 - z) n + z h_{t-1} with gates r, z = sigmoid(x_t W + h_{t-1} U + b), each with its own columns in the order r, z,
    n, and n = tanh(x_t W_n + b_n + r (h_{t-1} U_n + c)): r resets after the product, and c is a bias of its own. Reads
    sequences `(time, features)`, and images row by row; gives the last h, `units` numbers, or with `sequences` all of them.
    `recurrent_init` fills U gate by gate; init and bias_init are the model's unless given.
    """

    KIND = "gru"
    GATES = 3

    def __init__(
        self,
        *,
        units: Annotated[int, Ge(1)],
        init: Init | None = None,
        recurrent_init: Init = ORTHOGONAL,
        bias: bool = True,
        bias_init: Init | None = None,
        sequences: bool = False,
    ) -> None:
        super().__init__(
            units, init=init, recurrent_init=recurrent_init, bias=bias, bias_init=bias_init, sequences=sequences
        )

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """Those of every recurrent layer and, with bias, `recurrent_bias` c of `(1, units)`."""
        weights = dict(super().weights(shape))
        if self.bias:
            uses = self.times(shape)
            weights["recurrent_bias"] = Weight(
                (1, self.units), self.units, self.units, self.bias_init, is_bias=True, uses=uses
            )
        return weights

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.GRU`, whose gates stand in the same order."""
        _, features = self._sequence(shape)
        given = arguments(features, self.units, bias=without_bias(self.bias), batch_first=True)
        call = sequence(shape, "{module}({x})[0]", sequences=self.sequences)
        return TorchCode(f"nn.GRU({given})", call, weights=lambda own: recurrent(own, (0, 1, 2)))

    def step(self, inputs: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> State:
        """h = n + z (h - n), which is (1 - z) n + z h with an operation less."""
        (h,), sizes = state, [2 * self.units, self.units]
        of_gates, of_new = torch.split(inputs, sizes, dim=-1)
        past_of_gates, past_of_new = torch.split(bmm(h, weights["recurrent"]), sizes, dim=-1)
        reset, keep = sigmoid(of_gates + past_of_gates).chunk(2, dim=-1)
        if self.bias:
            past_of_new = past_of_new + weights["recurrent_bias"]
        new = torch.tanh(torch.addcmul(of_new, reset, past_of_new))
        # Under autocast they are narrower than the state, which lerp does not take.
        return (torch.lerp(new.to(h.dtype), h, keep.to(h.dtype)),)
