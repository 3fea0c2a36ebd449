"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge

from dlbench.parts.activations import bind
from dlbench.parts.arguments import Activation, Init
from dlbench.parts.layers.base import LAYERS
from dlbench.parts.layers.recurrent import ORTHOGONAL, TANH, Recurrent, State
from dlbench.parts.lazy import torch
from dlbench.parts.products import baddbmm


@LAYERS.add()
class Rnn(Recurrent):
    """A state that sees the input and itself one step before: h_t = f(x_t W + h_{t-1} U + b) (Elman 1990).

    Reads sequences `(time, features)`, and images row by row. Gives the last state, `units` numbers, or with `sequences` all of
    them, as the next recurrent layer wants them. f is tanh unless given, whatever the model's activation is: a state that
    nothing bounds can grow at every step. `recurrent_init` is U's; init and bias_init are the model's unless given.

    activation: what bounds the state.
    """

    KIND = "rnn"
    GATES = 1

    def __init__(
        self,
        *,
        units: Annotated[int, Ge(1)],
        activation: Activation = TANH,
        init: Init | None = None,
        recurrent_init: Init = ORTHOGONAL,
        bias: bool = True,
        bias_init: Init | None = None,
        sequences: bool = False,
    ) -> None:
        super().__init__(
            units, init=init, recurrent_init=recurrent_init, bias=bias, bias_init=bias_init, sequences=sequences
        )
        self.activation = activation
        self.activate = bind(activation)

    def step(self, inputs: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> State:
        """h = f(x W + b + h U)."""
        return (self.activate(baddbmm(inputs, state[0], weights["recurrent"])),)
