"""Recurrent layers against torch.nn's, and what they are by definition."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import ZEROS, plan_of, settings, trained, trainer_of
from recurrent_nets import KINDS, Oracle, digits, recurrent
from torch import nn

from dlbench.engine.trainer import Trainer
from dlbench.parts import make
from dlbench.parts.layers.base import LayerContext, ShapeError
from dlbench.parts.outline import LayerError, outline


def train(oracle: Oracle, trainer: Trainer, trial: int, optimizer: torch.optim.Optimizer) -> list[float]:
    """Train the oracle on the very batches of the trial."""
    losses = []
    for step in range(trainer.steps):
        x, labels = trainer._batches.take(step)
        loss = nn.functional.cross_entropy(oracle(x[trial]), labels[trial])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(
    ("optimizer", "theirs"),
    [({"kind": "sgd", "lr": 0.3}, torch.optim.SGD), ({"kind": "adam", "lr": 0.01}, torch.optim.Adam)],
    ids=["sgd", "adam"],
)
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_twenty_steps_as_torch(
    kind: str, depth: int, optimizer: dict[str, Any], theirs: type[torch.optim.Optimizer]
) -> None:
    """Twenty steps of a stack of three seeds give losses, logits and weights of three nets of torch.nn, to 1e-4."""
    layers = [recurrent(kind, sequences=level < depth) for level in range(1, depth + 1)]
    trainer, _ = trainer_of(plan_of({"a": digits(*layers, optimizer=optimizer, steps=20)}, seeds=[0, 1, 5]))
    oracles = [Oracle(trainer, trial) for trial in range(3)]
    expected = [
        train(net, trainer, trial, theirs(net.parameters(), lr=optimizer["lr"])) for trial, net in enumerate(oracles)
    ]
    losses = torch.stack([trainer.ways.steps.take(step, 1)[0] for step in range(20)])
    x = trainer.data.test.x
    logits = trainer._nets[0].forward(x.expand(3, *x.shape), training=False)

    torch.testing.assert_close(losses.T, torch.tensor(expected), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(logits, torch.stack([net(x) for net in oracles]), rtol=1e-3, atol=1e-3)
    for trial, net in enumerate(oracles):
        for own, learned in zip(Oracle(trainer, trial).parameters(), net.parameters(), strict=True):
            torch.testing.assert_close(own, learned, rtol=1e-3, atol=2e-4)


def test_with_sequences_every_step_is_handed_on() -> None:
    """With sequences, the gradient reaches a state through its own output too, and the last output is the one without."""
    one, all_of = (make("layers", recurrent("gru", 3, sequences=sequences)) for sequences in (False, True))
    weights = {name: torch.randn(2, *own.shape) for name, own in one.weights((5, 4)).items()}
    x = torch.randn(2, 6, 5, 4, requires_grad=True)
    place = LayerContext(training=True, states=[])
    y = all_of.forward(x, weights, place)
    gradients = torch.autograd.grad(y.sum(), place.states)

    assert torch.equal(y[:, :, -1], one.forward(x, weights, LayerContext(training=True)))
    assert all(torch.equal(y[:, :, time], state) for time, state in enumerate(place.states))
    assert torch.equal(gradients[-1], torch.ones(2, 6, 3))


def test_images_are_read_row_by_row() -> None:
    """An image of two channels is the sequence of its rows, all channels of a row side by side."""
    layer = make("layers", recurrent("rnn", 3))
    weights = {name: torch.randn(2, *own.shape) for name, own in layer.weights((2, 5, 4)).items()}
    images = torch.randn(2, 6, 2, 5, 4)
    rows = torch.cat([images[:, :, 0], images[:, :, 1]], dim=-1)
    place = LayerContext(training=True)

    assert layer.output((2, 5, 4)) == layer.output((5, 8)) == (3,)
    torch.testing.assert_close(layer.forward(images, weights, place), layer.forward(rows, weights, place))


@pytest.mark.parametrize("bias", [True, False])
def test_the_forget_bias_opens_the_forget_gate(bias: bool) -> None:
    """With all weights zero, f = sigmoid(forget bias) in each trial: the cell's memory of a first input decays by it."""
    layer = make("layers", recurrent("lstm", 1, bias=bias, forget_bias=torch.tensor([0.0, 1.0])))
    weights = {name: torch.zeros(2, *own.shape) for name, own in layer.weights((3, 1)).items()}
    weights["weight"][:, 0, 3] = 100.0  # g = 1 at the first step, whose input is 1; i = o = 1/2
    x = torch.tensor([1.0, 0.0, 0.0]).view(1, 1, 3, 1).expand(2, 1, 3, 1)
    forget = torch.sigmoid(torch.tensor([0.0, 1.0]))

    torch.testing.assert_close(
        layer.forward(x, weights, LayerContext(training=True))[:, 0, 0], 0.5 * torch.tanh(0.5 * forget**2)
    )


def test_every_gate_is_drawn_alone() -> None:
    """An orthogonal recurrent init makes each gate's matrix orthogonal, and xavier's deviation is that of one gate."""
    own = recurrent("lstm", 40, init={"kind": "xavier", "distribution": "normal", "fan": "avg"}, bias_init=ZEROS)
    trainer, _ = trainer_of(plan_of({"a": digits(own)}))
    weights = trainer._nets[0]._weights["lstm1"]
    gates = weights["recurrent"][0].detach().chunk(4, dim=-1)

    for gate in gates:
        torch.testing.assert_close(gate.T @ gate, torch.eye(40), rtol=0, atol=1e-5)
    assert not torch.equal(gates[0], gates[1])
    # 1,280 numbers: five standard errors of a deviation are five times 1 / sqrt(2 n) of it.
    assert weights["weight"].std().item() == pytest.approx((2 / 48) ** 0.5, rel=5 / (2 * 1280) ** 0.5)


def test_a_trial_alone_as_in_company() -> None:
    """A recurrent net alone and the same among others give the same curve, bit for bit."""
    own = digits(recurrent("gru"), steps=20)
    alone, company = (trained(plan_of({"a": own}, seeds=seeds))[1].of("metrics")[-1] for seeds in ([4], range(6)))

    assert company["train_loss"][4] == alone["train_loss"][0]


def test_an_evaluation_leaves_room_for_all_steps() -> None:
    """What the steps of time take together decides how many samples an evaluation reads at once, and what a step costs."""
    (block, output) = outline(settings([recurrent("lstm", 10)])["model"], (1, 28, 28), 10)

    assert block.widest == 28 * 4 * 10
    assert (block.launches, output.launches) == (28 * 4, 1)
    assert block.products == 28 * (28 * 40 + 10 * 40 + 40)


@pytest.mark.parametrize("kind", KINDS)
def test_features_are_no_sequence(kind: str) -> None:
    """A recurrent layer on features is an error that names the layer, both shapes it takes, the one it gets, and remedies."""
    with pytest.raises(
        ShapeError,
        match=rf"'{kind}' takes a sequence \(time, features\) or an image .* gets \(6,\); .*sequences = true",
    ):
        make("layers", recurrent(kind)).output((6,))
    with pytest.raises(LayerError, match="sequences = true") as caught:
        outline(settings([recurrent(kind, repeat=2)])["model"], (1, 8, 8), 10)
    assert caught.value.path == ("layers", 0)
