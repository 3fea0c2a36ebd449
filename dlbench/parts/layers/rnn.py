"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge

from dlbench.parts.activations import bind, torch_code
from dlbench.parts.arguments import Activation, Init
from dlbench.parts.layers.base import LAYERS, Shape
from dlbench.parts.layers.recurrent import ORTHOGONAL, TANH, Recurrent, State
from dlbench.parts.lazy import torch
from dlbench.parts.products import baddbmm
from dlbench.parts.torch_code import Arrays, TorchCode, arguments, linear, recurrent, sequence, without_bias

TORCHS_OWN = ("tanh", "relu")
"""The activations that nn.RNN has."""

ELMAN = '''
class Elman(nn.Module):
    """A state that sees the input and itself one step before, by an activation that nn.RNN does not have."""

    def __init__(self, features: int, units: int, activation: Callable[[Tensor], Tensor], bias: bool = True) -> None:
        super().__init__()
        self.input = nn.Linear(features, units, bias)
        self.recurrent = nn.Linear(units, units, bias=False)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """All states `[batch, time, units]` for `x` of `[batch, time, features]`."""
        state = x.new_zeros(len(x), self.recurrent.out_features)
        states = []
        for inputs in self.input(x).unbind(1):
            state = self.activation(inputs + self.recurrent(state))
            states.append(state)
        return torch.stack(states, dim=1)
'''


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

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.RNN` for the activations that it has, else a few lines of our own."""
        _, features = self._sequence(shape)
        kind, bias = self.activation["kind"], without_bias(self.bias)
        if kind in TORCHS_OWN:
            function = None if kind == "tanh" else kind
            given = arguments(features, self.units, nonlinearity=function, bias=bias, batch_first=True)
            call = sequence(shape, "{module}({x})[0]", sequences=self.sequences)
            return TorchCode(f"nn.RNN({given})", call, weights=lambda own: recurrent(own, (0,)))
        function = f"lambda sums: {torch_code(self.activation).replace('{x}', 'sums')}"
        given = ", ".join([arguments(features, self.units), function, *(["bias=False"] if bias is False else [])])
        call = sequence(shape, "{module}({x})", sequences=self.sequences)
        return TorchCode(f"Elman({given})", call, weights=_elman, classes=(ELMAN,))

    def step(self, inputs: torch.Tensor, state: State, weights: Mapping[str, torch.Tensor]) -> State:
        """h = f(x W + b + h U)."""
        return (self.activate(baddbmm(inputs, state[0], weights["recurrent"])),)


def _elman(own: Arrays) -> Arrays:
    """The state of the class that is written where nn.RNN lacks the activation."""
    inputs = {f"input.{name}": array for name, array in linear(own).items()}
    return inputs | {"recurrent.weight": own["recurrent"].T}
