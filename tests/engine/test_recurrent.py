"""Recurrent layers against torch.nn's, the gradient over time against autograd and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cases import ZEROS, plan_of, settings, trained, trainer_of
from torch import Tensor, nn

import dlbench.parts.net as on_paper
from dlbench.engine.trainer import Trainer
from dlbench.parts import make
from dlbench.parts.layers.base import Place, ShapeError
from dlbench.parts.net import MOST_TIMES, LayerError, outline, rows_of

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
    losses = torch.stack([trainer._step(step) for step in range(20)])
    x = trainer._data.test.x
    logits = trainer._nets[0].forward(x.expand(3, *x.shape), training=False)

    torch.testing.assert_close(losses.T, torch.tensor(expected), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(logits, torch.stack([net(x) for net in oracles]), rtol=1e-3, atol=1e-3)
    for trial, net in enumerate(oracles):
        for own, learned in zip(Oracle(trainer, trial).parameters(), net.parameters(), strict=True):
            torch.testing.assert_close(own, learned, rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_over_time_is_autograds(kind: str) -> None:
    """A probe's gradient norm at each step of time is that of dL/dh_t, which torch's cells retain, to 1e-4; so is h_t's mean."""
    plan = plan_of({"a": digits(recurrent(kind), steps=1, points=1)}, seeds=[0, 3])
    trainer, _ = trainer_of(plan)
    oracles = [Oracle(trainer, trial) for trial in range(2)]
    x, labels = trainer._batches.take(0)
    _, events = trained(plan)
    (probe,), (stack,) = events.of("probe"), events.of("stack")

    assert [(layer["name"], layer["kind"], layer["weight"]) for layer in stack["layers"]][:8] == [
        (f"{kind}1 t={time}", "time", None) for time in range(1, 9)
    ]
    assert [layer["name"] for layer in stack["layers"]][8:] == [f"{kind}1", "output"]
    for trial, net in enumerate(oracles):
        states, logits = net.states(x[trial])
        nn.functional.cross_entropy(logits, labels[trial]).backward()
        for time, state in enumerate(states):
            assert probe["gradient_norm"][trial][time] == pytest.approx(state.grad.double().norm().item(), rel=1e-4)
            assert probe["activation_mean"][trial][time] == pytest.approx(state.mean().item(), rel=1e-3, abs=1e-6)
    assert np.isnan(probe["weight_norm"][:, :8]).all()
    assert np.isnan(probe["update_ratio"][:, :8]).all()
    assert (probe["gradient_histogram"][:, :8] == 0).all()


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0, 1e-4])
def test_a_linear_rnn_shrinks_its_gradient_by_its_recurrent_weights(gain: float) -> None:
    """With h = x W + h U and U = gain Q, Q orthogonal, |dL/dh_t| is gain^(T - t) |dL/dh_T| to 1e-4, down to 1e-28."""
    linear = recurrent("rnn", activation=IDENTITY, recurrent_init={"kind": "orthogonal", "gain": gain})
    _, events = trained(plan_of({"a": digits(linear, steps=1, points=1)}))
    norms = events.of("probe")[0]["gradient_norm"][0][:8].astype(np.float64)

    np.testing.assert_allclose(norms, norms[7] * gain ** np.arange(7, -1, -1.0), rtol=2e-4)


def test_the_gradient_of_a_linear_rnn_is_a_power_of_its_recurrent_weights() -> None:
    """With h = x W + h U, dL/dh_t is dL/dh_T (U^T)^(T - t), to 1e-9 in float64."""
    layer = make("layers", {**recurrent("rnn", 3), "activation": IDENTITY})
    weights = {name: torch.randn(2, *own.shape, dtype=torch.float64) for name, own in layer.weights((5, 4)).items()}
    x = torch.randn(2, 6, 5, 4, dtype=torch.float64, requires_grad=True)
    place, downstream = Place(training=True, states=[]), torch.randn(2, 6, 3, dtype=torch.float64)
    gradients = torch.autograd.grad((layer.forward(x, weights, place) * downstream).sum(), place.states)

    for time, gradient in enumerate(gradients):
        power = torch.linalg.matrix_power(weights["recurrent"].mT, 4 - time)
        torch.testing.assert_close(gradient, downstream @ power, rtol=1e-9, atol=1e-9)


def test_with_sequences_every_step_is_handed_on() -> None:
    """With sequences, the gradient reaches a state through its own output too, and the last output is the one without."""
    one, all_of = (make("layers", recurrent("gru", 3, sequences=sequences)) for sequences in (False, True))
    weights = {name: torch.randn(2, *own.shape) for name, own in one.weights((5, 4)).items()}
    x = torch.randn(2, 6, 5, 4, requires_grad=True)
    place = Place(training=True, states=[])
    y = all_of.forward(x, weights, place)
    gradients = torch.autograd.grad(y.sum(), place.states)

    assert torch.equal(y[:, :, -1], one.forward(x, weights, Place(training=True)))
    assert all(torch.equal(y[:, :, time], state) for time, state in enumerate(place.states))
    assert torch.equal(gradients[-1], torch.ones(2, 6, 3))


def test_images_are_read_row_by_row() -> None:
    """An image of two channels is the sequence of its rows, all channels of a row side by side."""
    layer = make("layers", recurrent("rnn", 3))
    weights = {name: torch.randn(2, *own.shape) for name, own in layer.weights((2, 5, 4)).items()}
    images = torch.randn(2, 6, 2, 5, 4)
    rows = torch.cat([images[:, :, 0], images[:, :, 1]], dim=-1)
    place = Place(training=True)

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
        layer.forward(x, weights, Place(training=True))[:, 0, 0], 0.5 * torch.tanh(0.5 * forget**2)
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


@pytest.mark.parametrize("kind", KINDS)
def test_probes_of_time_change_no_bit(kind: str) -> None:
    """The weights after training with a probe at every step equal those without any, bit for bit."""
    layers = [recurrent(kind, sequences=True), recurrent(kind)]
    often, never = (
        trained(plan_of({"a": digits(*layers, steps=12, points=points)}, seeds=[0, 1]))[0] for points in (12, 0)
    )

    assert torch.equal(often.tensors.weights, never.tensors.weights)


def test_slices_show_the_same_time() -> None:
    """A stack that goes through its layers in slices has the probes of one that does not, to 1e-4."""
    plan = plan_of({"a": digits(recurrent("lstm"), steps=2, points=2)}, seeds=range(3))
    whole, sliced = (trained(plan, slices=slices)[1].of("probe")[-1] for slices in (1, 2))

    for measure in ("gradient_norm", "activation_deviation", "saturated_share"):
        np.testing.assert_allclose(sliced[measure], whole[measure], rtol=1e-4, atol=1e-9)


def test_a_trial_alone_as_in_company() -> None:
    """A recurrent net alone and the same among others give the same curve, to 1e-5."""
    own = digits(recurrent("gru"), steps=20)
    alone, company = (trained(plan_of({"a": own}, seeds=seeds))[1].of("metrics")[-1] for seeds in ([4], range(6)))

    assert company["train_loss"][4] == pytest.approx(alone["train_loss"][0], rel=1e-5)


def test_long_sequences_are_thinned_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long sequence so many steps have a row, the first and the last among them, and they show what they would anyhow."""
    (long, _) = outline(settings([recurrent("rnn")])["model"], (1, 100, 3), 10)
    assert (len(long.times), long.times[0], long.times[-1]) == (MOST_TIMES, 0, 99)
    assert set(np.diff(long.times)) == {3, 4}

    plan = plan_of({"a": digits(recurrent("rnn"), steps=1, points=1)})
    every = trained(plan)[1].of("probe")[0]["gradient_norm"]
    monkeypatch.setattr(on_paper, "MOST_TIMES", 3)
    _, events = trained(plan)

    assert [layer["name"] for layer in events.of("stack")[0]["layers"]][:3] == ["rnn1 t=1", "rnn1 t=5", "rnn1 t=8"]
    np.testing.assert_array_equal(events.of("probe")[0]["gradient_norm"][:, :3], every[:, [0, 4, 7]])


def test_an_evaluation_leaves_room_for_all_steps() -> None:
    """What the steps of time take together decides how many samples an evaluation reads at once, and what a step costs."""
    (block, _) = outline(settings([recurrent("lstm", 10)])["model"], (1, 28, 28), 10)

    assert block.widest == 28 * 4 * 10
    assert block.products == 28 * (28 * 40 + 10 * 40 + 40)


def test_names_of_a_net_with_two_recurrent_layers() -> None:
    """Each recurrent layer has its steps of time before its own row, in the order of the forward pass."""
    model = settings([recurrent("rnn", sequences=True), recurrent("rnn")])["model"]
    names = [row.name for row in rows_of(outline(model, (3, 2), 10))]

    assert names == [
        "rnn1 t=1", "rnn1 t=2", "rnn1 t=3", "rnn1", "rnn2 t=1", "rnn2 t=2", "rnn2 t=3", "rnn2", "output",
    ]  # fmt: skip


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
