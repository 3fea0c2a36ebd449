"""Layer-sequential unit variance: what a layer makes of a batch has variance 1 before the first step, and only there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from cases import ZEROS, dense, never, plan_of, settings, trainer_of
from torch import Tensor

from dlbench.engine import checkpoint as checkpoints
from dlbench.engine.trainer import Trainer
from dlbench.parts.layers.base import Activated, LayerContext
from dlbench.parts.outline import Block, slots_of

LSUV = {"kind": "lsuv", "tolerance": 0.02, "iterations": 10, "batch": 256}
HE = {"kind": "he", "distribution": "normal"}
NORMAL = {"kind": "normal", "mean": 0.0, "std": 1.0}
FLATTEN = {"kind": "flatten"}
IDENTITY = {"kind": "identity"}


def conv(channels: int, activation: str, init: dict[str, Any]) -> dict[str, Any]:
    """A convolution's settings."""
    return {
        "kind": "conv",
        "channels": channels,
        "kernel": 3,
        "stride": 1,
        "padding": "same",
        "activation": {"kind": activation},
        "init": init,
        "bias": True,
        "bias_init": ZEROS,
    }


def residual(*layers: dict[str, Any], init: dict[str, Any]) -> dict[str, Any]:
    """A residual block's settings."""
    return {
        "kind": "residual",
        "layers": list(layers),
        "shortcut": "auto",
        "activation": {"kind": "relu"},
        "init": init,
    }


def nested(init: dict[str, Any]) -> list[dict[str, Any]]:
    """Convolutions in branches, a projected residual block, maxout, a norm, dropout."""
    maxout = {"kind": "maxout", "units": 12, "pieces": 2, "init": init, "bias": True, "bias_init": ZEROS}
    return [
        conv(4, "relu", init),
        {"kind": "split", "branches": [[conv(3, "tanh", init)], [conv(5, "sigmoid", init)]], "merge": "concat"},
        residual(conv(6, "relu", init), conv(6, "identity", init), init=init),
        FLATTEN,
        {"kind": "batch_norm"},
        dense(20, "relu", init=init),
        {"kind": "dropout", "keep": 0.5, "rate": None},
        maxout,
        dense(9, "leaky_relu", init=init) | {"activation": {"kind": "leaky_relu", "slope": 0.3}},
    ]


def own(init: dict[str, Any], layers: Sequence[dict[str, Any]] | None = None, **options: Any) -> dict[str, Any]:
    """A recipe for digits in which every layer has one init."""
    given = {"data": "digits", "batch_size": 64, "steps": 4, "points": 4, **options}
    return settings(nested(init) if layers is None else layers, init=init, **given)


def begun(variants: Mapping[str, dict[str, Any]], seeds: Sequence[int] = (0, 1)) -> Trainer:
    """A trainer of the only stack, before its first step."""
    trainer, _ = trainer_of(plan_of(dict(variants), seeds))
    trainer.train(lambda _: True)
    return trainer


def weights_of(trainer: Trainer, trial: int) -> dict[str, Tensor]:
    """The weights of a trial by their names, `[1, *shape]`."""
    return {slot.name: slot.of(trainer.tensors.weights[trial : trial + 1]) for slot in slots_of(trainer.blocks)}


def batch(trainer: Trainer, seed: int) -> Tensor:
    """The first 256 samples in the order of the seed's first epoch, `[1, 256, ...]`, out of the batches of a training."""
    longer, _ = trainer_of(plan_of({"a": own(HE, [FLATTEN], batch_size=256)}, [seed]))
    x, _ = longer._batches.take(0)
    return x.view(1, 256, *trainer.blocks[0].input)


def sums(trainer: Trainer, blocks: Sequence[Block], x: Tensor, trial: int) -> Iterator[tuple[str, Tensor]]:
    """Every layer's pre-activations in the forward pass of a trial, without dropout; what comes out last is named ''."""
    for block in blocks:
        outputs = []
        for branch in block.branches:
            inner = dict(sums(trainer, branch, x, trial))
            outputs.append(inner.pop(""))
            yield from inner.items()
        if block.branches:
            x = block.layer.merge(outputs)  # type: ignore[union-attr]
            continue
        weights = {name: weights_of(trainer, trial)[f"{block.name}.{name}"] for name in block.weights}
        if isinstance(block.layer, Activated):
            yield block.name, block.layer.pre_activation(x, weights)
        place = LayerContext(
            block.settings["kind"] != "dropout", (), {n: torch.ones(1, *b.shape) for n, b in block.buffers.items()}
        )
        x = block.layer.forward(x, weights, place)  # type: ignore[union-attr]
    yield "", x


@pytest.mark.parametrize("seed", [0, 7])
def test_every_layer_has_unit_variance(seed: int) -> None:
    """On its batch the pre-activations of every layer, those inside of others too, have variance 1 to 0.02."""
    trainer = begun({"a": own(LSUV)}, [seed])
    found = {
        name: float(x.var(correction=0)) for name, x in sums(trainer, trainer.blocks, batch(trainer, seed), 0) if name
    }

    assert set(found) >= {"conv1", "conv2", "conv3", "conv4", "conv5", "shortcut1", "dense1", "maxout1", "output"}
    assert all(abs(variance - 1) < 0.02 for variance in found.values()), found


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_unit_variance_as_torch_sees_it(activation: str) -> None:
    """A dense net of torch's own functions with the same weights has variance 1 before every activation, to 0.02."""
    layers = [FLATTEN, dense(30, activation, repeat=8, init=LSUV)]
    trainer = begun({"a": own(LSUV, layers)}, [3])
    weights = weights_of(trainer, 0)
    x = batch(trainer, 3)[0].flatten(1)
    for name in [*(f"dense{number}" for number in range(1, 9)), "output"]:
        x = x @ weights[f"{name}.weight"][0]
        assert float(x.var(correction=0)) == pytest.approx(1, abs=0.02)
        x = getattr(torch, activation)(x)


def test_directions_stay_orthonormal() -> None:
    """Each weight is orthonormal times one number: the Gram matrix of its shorter side is diagonal and even, to 1e-5 of it."""
    trainer = begun({"a": own(LSUV)}, [0])
    for name, weight in weights_of(trainer, 0).items():
        if name.endswith(".weight"):
            gates = 2 if name.startswith("maxout") else 1
            for gate in weight[0].chunk(gates, dim=-1):
                matrix = gate.double().flatten(1)
                gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
                even = gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.float64)
                torch.testing.assert_close(gram, even, rtol=0, atol=1e-5 * float(even[0, 0]))


def test_neighbours_change_nothing() -> None:
    """In one stack, trials with other inits keep what they drew, and trials with this one get what they get alone, bit for bit."""
    both = begun({"he": own(HE), "lsuv": own(LSUV)}, [0, 1, 2])
    drawn, _ = trainer_of(plan_of({"he": own(HE)}, [0, 1, 2]))

    assert torch.equal(both.tensors.weights[:3], drawn.tensors.weights)
    for trial, seed in enumerate([0, 1, 2]):
        alone = begun({"lsuv": own(LSUV)}, [seed])
        assert torch.equal(both.tensors.weights[3 + trial], alone.tensors.weights[0])


def test_one_layer_of_many() -> None:
    """Where only one layer has this init, the weights of the others, and all biases, are as they were drawn."""
    layers = [FLATTEN, dense(9, init=HE), dense(8, init=LSUV) | {"bias_init": NORMAL}, dense(7, init=HE)]
    trainer = begun({"a": own(HE, layers)}, [0])
    drawn, _ = trainer_of(plan_of({"a": own(HE, layers)}, [0]))
    changed = {
        name for name, weight in weights_of(trainer, 0).items() if not torch.equal(weight, weights_of(drawn, 0)[name])
    }

    assert changed == {"dense2.weight"}


def test_recurrent_layers_keep_what_was_drawn() -> None:
    """A recurrent layer has no pre-activation of its own: its weights stay orthonormal, and the layer behind it is scaled."""
    rnn = {
        "kind": "rnn",
        "units": 6,
        "activation": {"kind": "tanh"},
        "sequences": False,
        "bias": True,
        "bias_init": ZEROS,
    }
    layers = [rnn | {"init": LSUV, "recurrent_init": LSUV}, dense(5, init=LSUV)]
    trainer = begun({"a": own(LSUV, layers)}, [0])
    drawn, _ = trainer_of(plan_of({"a": own(LSUV, layers)}, [0]))
    now, before = weights_of(trainer, 0), weights_of(drawn, 0)

    assert {name for name in now if not torch.equal(now[name], before[name])} == {"dense1.weight", "output.weight"}


def test_no_trace_but_in_the_weights() -> None:
    """Running statistics and dropout's streams stand where they would stand without."""
    trainer, (fresh, _) = begun({"a": own(LSUV)}), trainer_of(plan_of({"a": own(LSUV)}, [0, 1]))
    for block, own_buffers in trainer.tensors.buffers.items():
        for name, buffer in own_buffers.items():
            assert torch.equal(buffer, fresh.tensors.buffers[block][name])
    for block, generators in trainer.tensors.generators.items():
        for ours, theirs in zip(generators, fresh.tensors.generators[block], strict=True):
            assert torch.equal(ours.get_state(), theirs.get_state())


def test_a_resumed_training_keeps_its_weights(tmp_path: Path) -> None:
    """What goes on from a checkpoint, of step 0 too, is not scaled again."""
    plan = plan_of({"a": own(LSUV)}, [0])
    trainer, _ = trainer_of(plan)
    trainer.train(lambda _: True)
    trainer.tensors.weights.mul_(3)
    checkpoints.save(trainer.checkpoint(), tmp_path / "a.pt")
    resumed, _ = trainer_of(plan)
    resumed.restore(tmp_path / "a.pt")
    resumed.train(lambda _: True)

    assert torch.equal(resumed.tensors.weights, trainer.tensors.weights)


def test_what_cannot_be_reached_is_told() -> None:
    """Biases of variance 1 leave no room for the weights: a note says where the variance is not 1, and the net trains on."""
    layers = [FLATTEN, dense(20, init=LSUV) | {"bias_init": NORMAL}]
    trainer, events = trainer_of(plan_of({"a": own(LSUV, layers)}, [0]))
    trainer.train(never)
    (note,) = events.of("note")

    assert note["text"].startswith("unit variance was not reached in 1 of 2 layers of all trials together")
    assert "dense1 of seed 0" in note["text"]


def test_a_signal_that_is_gone_divides_nothing() -> None:
    """Behind a layer of zeros there is no variance: the weights stay finite, and it is told."""
    trainer, events = trainer_of(plan_of({"a": own(LSUV, [FLATTEN, dense(5, init=ZEROS), dense(5, init=LSUV)])}, [0]))
    trainer.train(never)

    assert trainer.tensors.weights.isfinite().all()
    assert "with 0" in events.of("note")[0]["text"]
