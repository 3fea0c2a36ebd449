"""Modules of one's own train as in a plain loop of torch, alone and in stacks, and go on as if they had not been broken off."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from cases import Events, dense, plan_of, settings, trained, trainer_of
from module_examples import GOOD, module, registered
from torch import Tensor, nn

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.rng import stream_seed
from dlbench.engine.slices import slices_for
from dlbench.engine.trainer import Trainer
from dlbench.parts import regularizers
from dlbench.parts.modules import MODULES
from dlbench.parts.outline import rows_of, slots_of
from dlbench.parts.rows import Rows

FLATTEN = {"kind": "flatten"}
SEEDS = [0, 5, 3]
STEPS = 50


@pytest.fixture(scope="module", autouse=True)
def modules() -> Iterator[None]:
    """The examples are in the catalogue."""
    with registered(*GOOD):
        yield


def short(kind: str, *, steps: int = STEPS, **arguments: Any) -> dict[str, Any]:
    """A short training of a module with an output layer behind it."""
    own = {key: arguments.pop(key) for key in ("optimizer", "regularizers") if key in arguments}
    data = {"kind": "digits", "limit": 300}
    return settings([module(kind, **arguments), FLATTEN], data=data, batch_size=32, steps=steps, **own)


def stack(kind: str, **arguments: Any) -> tuple[Trainer, Events]:
    """A trainer of three seeds, in slices as a worker would take them."""
    plan = plan_of({"a": short(kind, **arguments)}, SEEDS)
    return trainer_of(plan, slices=slices_for(plan, 0, torch.device("cpu")))


class Whole(nn.Module):
    """A trial of a stack as a plain module: the user's own, and the output layer."""

    def __init__(self, trainer: Trainer, trial: int) -> None:
        super().__init__()
        block, output = trainer.blocks[0], trainer.blocks[-1]
        own = block.settings["module"]
        arguments = {key: value for key, value in own.items() if key != "kind"}
        self.module1 = MODULES[own["kind"]].make(block.input, **arguments)
        self.output = nn.Linear(output.input[0], output.output[0])
        state = {slot.name: slot.of(trainer.tensors.weights)[trial].clone() for slot in slots_of(trainer.blocks)}
        state["output.weight"], state["output.bias"] = state["output.weight"].T, state["output.bias"].reshape(-1)
        state |= {f"module1.{name}": own[trial].clone() for name, own in trainer.tensors.buffers["module1"].items()}
        found = self.load_state_dict(state, strict=False)
        assert found.unexpected_keys == []

    def forward(self, x: Tensor) -> Tensor:
        """The logits."""
        return self.output(self.module1(x).flatten(1))


def losses_of(trainer: Trainer, net: nn.Module, trial: int, optimizer: torch.optim.Optimizer) -> list[float]:
    """The losses of a plain loop over the very batches of a trial."""
    found = []
    for step in range(STEPS):
        x, labels = trainer._batches.take(step)
        loss = nn.functional.cross_entropy(net(x[trial]), labels[trial])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("dense_net", {}),
        ("conv_block", {"width": 4}),
        ("attention", {}),
        ("last_state", {}),
        ("tied", {}),
        ("drifting", {}),
    ],
)
def test_fifty_steps_as_a_plain_loop(kind: str, arguments: dict[str, Any]) -> None:
    """The losses of fifty steps of SGD with momentum are those of a plain loop of torch, to 1e-6; so are buffers at the end."""
    optimizer = {"kind": "momentum", "lr": 0.05, "momentum": 0.9}
    trainer, _ = stack(kind, optimizer=optimizer, **arguments)
    nets = [Whole(trainer, trial) for trial in range(len(SEEDS))]
    expected = [
        losses_of(trainer, net, trial, torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9))
        for trial, net in enumerate(nets)
    ]
    found = torch.stack([trainer.ways.steps.take(step, 1)[0] for step in range(STEPS)])

    torch.testing.assert_close(found.T, torch.tensor(expected), rtol=1e-6, atol=0)
    for trial, net in enumerate(nets):
        for name, buffer in net.module1.named_buffers():
            own = trainer.tensors.buffers["module1"][name][trial]
            torch.testing.assert_close(own, buffer, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["conv_block", "drifting", "lazy"])
def test_each_trial_begins_as_its_constructor_draws(kind: str) -> None:
    """Weights and buffers begin as the builder makes them where torch is seeded with the trial's own stream."""
    trainer, _ = stack(kind)
    for trial, seed in enumerate(SEEDS):
        torch.manual_seed(stream_seed(seed, "init", "module1"))
        net = MODULES[kind].make(trainer.blocks[0].input)
        net.eval()(torch.zeros(2, *trainer.blocks[0].input))
        for slot in slots_of(trainer.blocks)[:-2]:
            own = dict(net.named_parameters())[slot.name.removeprefix("module1.")]
            assert torch.equal(slot.of(trainer.tensors.weights)[trial], own.detach())
        for name, buffer in net.named_buffers():
            assert torch.equal(trainer.tensors.buffers["module1"][name][trial], buffer)


@pytest.mark.parametrize("kind", ["conv_block", "attention", "last_state", "tied", "unused"])
def test_measures_as_autograd(kind: str) -> None:
    """Every inner layer has a row, whose gradient norm is autograd's and whose outputs are those of its module, to 1e-6."""
    trainer, events = stack(kind)
    net, (x, labels) = Whole(trainer, 1), trainer._batches.take(0)
    outputs: dict[str, Tensor] = {}
    for name, inner in net.named_modules():
        inner.register_forward_hook(
            lambda _, __, y, name=name: outputs.update({name: (y if isinstance(y, Tensor) else y[0]).detach().clone()})
        )
    nn.functional.cross_entropy(net(x[1]), labels[1]).backward()
    trainer._probed_step(0, is_planned=True)
    (probe,) = events.of("probe")
    rows = rows_of(trainer.blocks)
    owners = {name.rpartition(".")[0] for name, one in net.named_parameters() if one.requires_grad}

    assert {row.name for row in rows} == owners
    watched = [weight for row in rows for weight in row.weights]
    assert {name for name, one in net.named_parameters() if one.requires_grad and one.dim() > 1} <= set(watched)
    for index, row in enumerate(rows[:-1]):
        own = [net.get_parameter(weight) for weight in row.weights]
        norm = math.hypot(*(0.0 if one.grad is None else one.grad.double().norm().item() for one in own))
        assert probe["gradient_norm"][1, index] == pytest.approx(norm, rel=1e-6)
        assert probe["weight_norm"][1, index] == pytest.approx(
            math.hypot(*(one.double().norm().item() for one in own)), rel=1e-6
        )
        if row.name in outputs and row.name != "module1":
            assert probe["activation_mean"][1, index] == pytest.approx(
                outputs[row.name].mean().item(), rel=1e-5, abs=1e-7
            )
            assert probe["activation_std"][1, index] == pytest.approx(
                outputs[row.name].std(correction=0).item(), rel=1e-5
            )


def test_a_probe_leaves_no_trace() -> None:
    """Steps with probes train the same bits as steps without, whether trials go at once or one after the other."""
    for kind in ("conv_block", "last_state"):
        ends = []
        for probed in (True, False):
            trainer, _ = stack(kind)
            for step in range(4):
                _ = trainer._probed_step(step, is_planned=True) if probed else trainer.ways.steps.take(step, 1)[0]
            ends.append(trainer.tensors.weights)
        assert torch.equal(*ends)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [("dense_net", {"rate": 0.3}), ("conv_block", {"width": 4}), ("drifting", {"noise": 0.1}), ("last_state", {})],
)
def test_resumed_with_the_same_bits(kind: str, arguments: dict[str, Any], tmp_path: Path) -> None:
    """Broken off and taken up again, dropout, running statistics and buffers of one's own go on bit for bit."""
    adam = {"kind": "adam", "lr": 0.01}
    plan = plan_of({"a": short(kind, steps=20, optimizer=adam, **arguments)}, SEEDS)
    slices = slices_for(plan, 0, torch.device("cpu"))
    whole, events = trained(plan, slices=slices)
    first, _ = trainer_of(plan, slices=slices)
    first.train(lambda now: now.step >= 7)
    checkpoints.save(first.checkpoint(), tmp_path / "stack-0.pt")
    again, told = trainer_of(plan, slices=slices)
    assert again.restore(tmp_path / "stack-0.pt")
    again.train(lambda now: False)

    assert torch.equal(again.tensors.weights, whole.tensors.weights)
    for name, buffer in whole.tensors.buffers["module1"].items():
        assert torch.equal(again.tensors.buffers["module1"][name], buffer)
    last, theirs = events.of("metrics")[-1], told.of("metrics")[-1]
    assert (last["test_loss"] == theirs["test_loss"]).all()


def test_evaluations_are_in_test_mode() -> None:
    """At test, dropout is off, running statistics are used and stay: the logits are those of the plain module in `eval`."""
    for kind, arguments in (("conv_block", {}), ("dense_net", {"rate": 0.5})):
        trainer, _ = stack(kind, **arguments)
        for step in range(5):
            trainer.ways.steps.take(step, 1)[0]
        before = {name: own.clone() for name, own in trainer.tensors.buffers["module1"].items()}
        logits, _ = trainer.evaluation.outputs("test")
        x = trainer.data.test.x

        assert all(torch.equal(before[name], own) for name, own in trainer.tensors.buffers["module1"].items())
        for trial in range(len(SEEDS)):
            expected = Whole(trainer, trial).eval()(x).detach()
            torch.testing.assert_close(torch.from_numpy(logits[trial]), expected, rtol=1e-5, atol=1e-5)


def test_noise_at_test_leaves_training_alone() -> None:
    """A module that draws at test says the same of the same weights each time, and its training draws nothing else for it."""
    trainer, _ = stack("drifting", noise=0.5)
    state = [own.get_state() for own in trainer.tensors.generators["module1"]]
    once, again = (trainer.evaluation.outputs("test")[0] for _ in range(2))

    assert (once == again).all()
    assert (once[0] != once[1]).any()
    assert all(
        torch.equal(own.get_state(), was) for own, was in zip(trainer.tensors.generators["module1"], state, strict=True)
    )


def test_torchs_own_random_numbers_are_left_as_they_were() -> None:
    """Neither building, nor trying, nor training a module moves the random numbers of the process."""
    before = torch.get_rng_state()
    trained(plan_of({"a": short("dense_net", steps=3, rate=0.21)}, SEEDS))

    assert torch.equal(torch.get_rng_state(), before)


def test_max_norm_shortens_what_comes_into_a_unit() -> None:
    """Of torch's matrices the incoming weights of a unit are a row, and that is what max_norm shortens, as torch.renorm does."""
    trainer, _ = stack("dense_net")
    slots = slots_of(trainer.blocks)
    weight = slots[0].of(trainer.tensors.weights)
    expected = torch.stack([torch.renorm(own, 2, 0, 0.2) for own in weight])
    rows = Rows(trainer.tensors.weights, trainer.tensors.gradient, {}, slots, len(SEEDS))
    regularizers.apply({"kind": "max_norm", "norm": 0.2}, rows)

    assert slots[0].shape == (16, 64)
    torch.testing.assert_close(weight, expected, rtol=1e-5, atol=1e-7)


def test_clipping_and_l2_see_modules() -> None:
    """Regularizers act on a module's weights; l2 leaves biases and norms out."""
    own = short(
        "conv_block", steps=1, regularizers=[{"kind": "l2", "strength": 0.5}, {"kind": "clip_norm", "norm": 0.01}]
    )
    trainer, events = trained(plan_of({"a": own}, SEEDS))
    biases = {slot.name for slot in slots_of(trainer.blocks) if slot.is_bias}

    assert events.of("metrics")[-1]["clipped_fraction"].tolist() == [1, 1, 1]
    assert biases >= {"module1.norm.weight", "module1.norm.bias", "module1.conv1.bias"}
    assert "module1.conv1.weight" not in biases


@pytest.mark.parametrize("kind", ["dense_net", "conv_block", "last_state"])
def test_the_same_bits_in_company(kind: str) -> None:
    """A trial alone and among others begins and trains with the same bits."""
    wide, _ = stack(kind)
    plan = plan_of({"a": short(kind)}, SEEDS[1:2])
    alone, _ = trainer_of(plan)
    for step in range(6):
        losses, own = wide.ways.steps.take(step, 1)[0], alone.ways.steps.take(step, 1)[0]
        assert torch.equal(losses[1:2], own)
    assert torch.equal(wide.tensors.weights[1], alone.tensors.weights[0])


def test_what_cannot_go_at_once_is_told_in_the_log() -> None:
    """A stack whose trials go one after the other begins with a note that says so, and why."""
    _, events = trained(plan_of({"a": short("last_state", steps=1)}, SEEDS))
    (text,) = [event["text"] for event in events.of("note")]

    assert text == "module1: trial by trial: slower, same statistics (torch.vmap has no rule for aten::lstm.input)"
    _, events = trained(plan_of({"a": short("dense_net", steps=1)}, SEEDS))
    assert events.of("note") == []


def test_modules_stand_in_other_layers() -> None:
    """A module inside of a residual block trains like any layer, beside layers of dlbench's own."""
    layers = [FLATTEN, dense(16), {"kind": "residual", "layers": [module("dense_net")], "activation": {"kind": "relu"}}]
    own = settings(layers, data={"kind": "digits", "limit": 200}, batch_size=50, steps=5)
    trainer, _ = trained(plan_of({"a": own}, SEEDS))

    names = [row.name for row in rows_of(trainer.blocks)]
    assert names[:3] == ["dense1", "module1.1", "module1.3"]
    assert names[-1] == "output"
