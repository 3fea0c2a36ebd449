"""Recurrent nets for tests, and torch.nn's own with the same weights."""

from __future__ import annotations

from typing import Any

import torch
from cases import settings
from torch import Tensor, nn

from dlbench.engine.trainer import Trainer

KINDS = ("rnn", "lstm", "gru")
TORCH: dict[str, type[nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
ORDER = {"rnn": [0], "lstm": [0, 1, 3, 2], "gru": [0, 1, 2]}
"""Where torch's gates stand among ours: its i, f, g, o are our i, f, o, g."""
WIDE = {"kind": "normal", "mean": 0.0, "std": 0.4}
IDENTITY = {"kind": "identity"}


def recurrent(kind: str, units: int = 6, **given: Any) -> dict[str, Any]:
    """A recurrent layer's settings; biases are drawn, so that a test sees where they go."""
    own: dict[str, Any] = {
        "kind": kind, "units": units, "init": WIDE, "recurrent_init": {"kind": "orthogonal", "gain": 1.0},
        "bias": True, "bias_init": WIDE, "sequences": False,
    }  # fmt: skip
    more = {"rnn": {"activation": {"kind": "tanh"}}, "lstm": {"forget_bias": 1.0}, "gru": {}}[kind]
    return own | more | given


def digits(*layers: dict[str, Any], **given: Any) -> dict[str, Any]:
    """A recipe on the rows of digits: eight steps of eight pixels."""
    return settings(list(layers), data="digits", **{"batch_size": 50, "init": WIDE, **given})


class Oracle(nn.Module):
    """torch.nn's own recurrent layers over the rows of images and a linear one on the last state, with a trial's weights.

    torch adds two biases where one does: the second stays as it is, but for the GRU's that is inside the reset.
    """

    def __init__(self, trainer: Trainer, trial: int) -> None:
        super().__init__()
        *layers, output = trainer.blocks
        self.kind, units = layers[0].settings["kind"], layers[0].settings["units"]
        self.rnn = TORCH[self.kind](layers[0].input[2], units, num_layers=len(layers), batch_first=True)
        self.output = nn.Linear(units, output.output[0])
        own = trainer._nets[0]._weights
        with torch.no_grad():
            for depth, block in enumerate(layers):
                self._copy(depth, {name: weight[trial] for name, weight in own[block.name].items()}, block.settings)
            self.output.weight.copy_(own["output"]["weight"][trial].T)
            self.output.bias.copy_(own["output"]["bias"][trial, 0])

    def _copy(self, depth: int, own: dict[str, Tensor], given: dict[str, Any]) -> None:
        gates, units = ORDER[self.kind], given["units"]
        taken, fixed = (getattr(self.rnn, f"bias_{end}_l{depth}") for end in ("ih", "hh"))
        for name, theirs in {
            "weight": getattr(self.rnn, f"weight_ih_l{depth}"),
            "recurrent": getattr(self.rnn, f"weight_hh_l{depth}"),
            "bias": taken[:, None],
        }.items():
            chunks = own[name].chunk(len(gates), dim=-1)
            theirs.copy_(torch.cat([chunks[gate] for gate in gates], dim=-1).T)
        fixed.zero_()
        if self.kind == "lstm":
            fixed[units : 2 * units] = given["forget_bias"]
        if self.kind == "gru":
            fixed[2 * units :] = own["recurrent_bias"][0]
        learns = torch.zeros_like(fixed)
        learns[2 * units :] = self.kind == "gru"
        fixed.register_hook(lambda gradient: gradient * learns)

    def forward(self, images: Tensor) -> Tensor:
        """`[batch, 1, time, width]` to logits."""
        return self.output(self.rnn(images[:, 0])[0][:, -1])

    def states(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """The state after every step, each with its gradient retained, and the logits: one layer, cell by cell."""
        cell = CELLS[self.kind](self.rnn.input_size, self.rnn.hidden_size)
        cell.load_state_dict({name.removesuffix("_l0"): tensor for name, tensor in self.rnn.state_dict().items()})
        state: Any = None
        states = []
        for row in images[:, 0].unbind(1):
            state = cell(row, state)
            states.append(state[0] if self.kind == "lstm" else state)
            states[-1].retain_grad()
        return states, self.output(states[-1])
