"""No bit of a trial depends on its company on a CPU: on who trains beside it, how many, in which order, and what becomes of them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from cases import CPU, ZEROS, dense, plan_of, pretraining, settings, trained

from dlbench.engine.outcome import predictions_of
from dlbench.engine.slices import slices_for
from dlbench.parts.activations import ACTIVATIONS
from dlbench.parts.inits import INITS
from dlbench.parts.layers.base import LAYERS
from dlbench.parts.losses import LOSSES
from dlbench.parts.optimizers import OPTIMIZERS
from dlbench.parts.pretraining import PRETRAINING
from dlbench.parts.regularizers import REGULARIZERS

FLATTEN = {"kind": "flatten"}
HIDDEN = [FLATTEN, dense(13, "sigmoid"), dense(7, "tanh")]
SEED = 4


def whole(catalog: Any, kind: str, **changes: Any) -> dict[str, Any]:
    """A part's settings with its defaults."""
    return {"kind": kind, **{name: one.default for name, one in catalog[kind].arguments.items()}, **changes}


def digits(layers: list[dict[str, Any]] = HIDDEN, **changes: Any) -> dict[str, Any]:
    """A short training of odd sizes: batches of 17, the last one of 13; an evaluation, and a probe, now and then."""
    data = {"kind": "digits", "limit": 200, "validation": 30}
    return settings(layers, **{"data": data, "batch_size": 17, "steps": 14, "points": 5, "every": 7} | changes)


def wild(own: dict[str, Any]) -> dict[str, Any]:
    """The same with a rate at which nothing stays a number."""
    other = deepcopy(own)
    other["train"]["optimizer"]["lr"] = 1e30
    return other


def story(variants: dict[str, dict[str, Any]], seeds: list[int]) -> dict[str, Any]:
    """All that is told of the trial of variant `own` with `SEED`, and its weights."""
    plan = plan_of(variants, seeds)
    (index,) = {
        number
        for number, stack in enumerate(plan.stacks)
        for trial in stack.trials
        if (plan.trials[trial].variant, plan.trials[trial].seed) == ("own", SEED)
    }
    trainer, events = trained(plan, index, slices=slices_for(plan, index, CPU))
    trials = [plan.trials[trial] for trial in plan.stacks[index].trials]
    position = next(at for at, trial in enumerate(trials) if (trial.variant, trial.seed) == ("own", SEED))
    told = {
        f"{event['kind']} {event['step']} {name}": value[position]
        for event in events
        if event["kind"] in {"metrics", "probe"}
        for name, value in event.items()
        if isinstance(value, np.ndarray)
    }
    logits = predictions_of(trainer).logits[position]
    return {"weights": trainer.tensors.weights[position].numpy(), "logits": logits, "trials": len(trials), **told}


def differing(own: dict[str, Any], **others: dict[str, Any]) -> list[str]:
    """What of a trial is not bit for bit the same alone, among its seeds, and among seeds and others that diverge."""
    alone = story({"own": own}, [SEED])
    found = []
    companies = [
        ({"own": own}, [0, SEED]),
        ({"wild": wild(own), "own": own, **others}, [SEED, 9, 2]),
        ({"own": own, "wild": wild(own)}, [7, 1, SEED]),
    ]
    for variants, seeds in companies:
        beside = story(variants, seeds)
        assert beside["trials"] > 1
        found += [
            name for name in alone if name != "trials" and not np.array_equal(alone[name], beside[name], equal_nan=True)
        ]
    return found


def activation(kind: str) -> dict[str, Any]:
    """Two dense layers of it, whose widths fill no vector register."""
    function = whole(ACTIVATIONS, kind)
    layer = dense(13) | {"activation": function}
    return digits([FLATTEN, layer, {**layer, "units": 7}])


@pytest.mark.parametrize("kind", ACTIVATIONS.names)
def test_activations(kind: str) -> None:
    """With every activation."""
    assert differing(activation(kind)) == []


CONV = {
    "kind": "conv",
    "channels": 3,
    "kernel": 3,
    "activation": {"kind": "relu"},
    "init": {"kind": "he", "distribution": "normal"},
}
CONV |= {"bias_init": ZEROS}
RNN = {"units": 5, "init": {"kind": "torch_default"}, "bias_init": ZEROS}
LAYERS_TRIED: dict[str, list[dict[str, Any]]] = {
    "dense": [FLATTEN, dense(1), dense(3, "relu")],
    "activation": [FLATTEN, dense(9), {"kind": "activation", "activation": {"kind": "softplus"}}],
    "flatten": [FLATTEN],
    "dropout": [FLATTEN, dense(11, "relu"), {"kind": "dropout", "keep": 0.7, "rate": None}],
    "batch_norm": [FLATTEN, dense(11), whole(LAYERS, "batch_norm"), dense(5)],
    "layer_norm": [FLATTEN, dense(11), whole(LAYERS, "layer_norm"), dense(5)],
    "conv": [CONV, FLATTEN, dense(6)],
    "max_pool": [whole(LAYERS, "max_pool", kernel=2), FLATTEN],
    "avg_pool": [whole(LAYERS, "avg_pool", kernel=3), FLATTEN, dense(6)],
    "global_pool": [whole(LAYERS, "global_pool"), dense(6)],
    "max_features": [FLATTEN, dense(12), {"kind": "max_features", "pieces": 3}],
    "maxout": [
        FLATTEN,
        {"kind": "maxout", "units": 5, "pieces": 3, "init": {"kind": "torch_default"}, "bias_init": ZEROS},
    ],
    "rnn": [{"kind": "rnn", **RNN, "sequences": True}, {"kind": "rnn", **RNN, "activation": {"kind": "relu"}}],
    "lstm": [{"kind": "lstm", **RNN}],
    "gru": [{"kind": "gru", **RNN}],
    "residual": [FLATTEN, dense(9), whole(LAYERS, "residual", layers=[dense(9, "gelu"), dense(9)])],
    "sequential": [FLATTEN, {"kind": "sequential", "layers": [dense(9), dense(5, "softplus")]}],
    "split": [FLATTEN, whole(LAYERS, "split", branches=[[dense(9)], [dense(4, "silu")]])],
}


def test_every_layer_is_tried() -> None:
    """The nets above have every layer that there is."""
    assert set(LAYERS_TRIED) == set(LAYERS.names)


@pytest.mark.parametrize("kind", LAYERS_TRIED)
def test_layers(kind: str) -> None:
    """With every layer."""
    assert differing(digits(LAYERS_TRIED[kind])) == []


@pytest.mark.parametrize("kind", OPTIMIZERS.names)
def test_optimizers(kind: str) -> None:
    """With every optimizer, beside trials of another rate."""
    own = digits(optimizer=whole(OPTIMIZERS, kind))
    other = deepcopy(own)
    other["train"]["optimizer"]["lr"] /= 3
    assert differing(own, other=other) == []


@pytest.mark.parametrize("kind", REGULARIZERS.names)
def test_regularizers(kind: str) -> None:
    """With every regularizer, strong enough to act."""
    (name,) = REGULARIZERS[kind].arguments
    assert differing(digits(regularizers=[{"kind": kind, name: 0.05}])) == []


@pytest.mark.parametrize("kind", INITS.names)
def test_inits(kind: str) -> None:
    """From every init, beside trials that begin from another."""
    init = whole(INITS, kind) | ({"value": 0.1} if kind == "constant" else {})
    own = digits([FLATTEN, dense(13, init=init), dense(7, "relu", init=init)], init=init)
    assert differing(own, other=digits()) == []


@pytest.mark.parametrize("batch_size", ["full", 1, 50])
@pytest.mark.parametrize("data", ["xor", "digits"])
def test_losses_and_batches(data: str, batch_size: int | str) -> None:
    """With both losses, in batches of any size."""
    own = digits([FLATTEN, dense(5, "sigmoid", repeat=3)], data=data, batch_size=batch_size)
    assert differing(own) == []


@pytest.mark.parametrize("kind", [part.name for part in LOSSES if "classification" in part.traits["tasks"]])
@pytest.mark.parametrize("data", ["xor", "digits"])
def test_losses(data: str, kind: str) -> None:
    """With every loss, of one output and of several, class weights beside it."""
    own = digits([FLATTEN, dense(5, "sigmoid")], data=data)
    own["train"] |= {"loss": whole(LOSSES, kind), "class_weights": [2.0, 0.5, *[1.0] * 8][: 2 if data == "xor" else 10]}
    assert differing(own) == []


NUMBERS = {
    "dropout": ({"kind": "dropout", "keep": 0.7, "rate": None}, {"keep": 0.9}),
    "dropout by rate": ({"kind": "dropout", "keep": None, "rate": 0.3}, {"rate": 0.1}),
    "leaky_relu": ({"kind": "activation", "activation": {"kind": "leaky_relu", "slope": 0.3}}, {"slope": 0.01}),
    "elu": ({"kind": "activation", "activation": {"kind": "elu", "alpha": 0.7}}, {"alpha": 1.3}),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_differ_in_a_stack(name: str) -> None:
    """A trial whose neighbours have another number of a layer, so that the stack has one a trial, is as it is alone."""
    layer, change = NUMBERS[name]
    inner = {**layer, "activation": {**layer["activation"], **change}} if "activation" in layer else {**layer, **change}
    own, other = (digits([FLATTEN, dense(13, "identity"), one, dense(7, "relu")]) for one in (layer, inner))
    assert len(plan_of({"own": own, "other": other}).stacks) == 1
    assert differing(own, other=other) == []


def test_a_forget_bias_that_differs() -> None:
    """An LSTM whose neighbours begin with another forget bias is as it is alone."""
    own, other = (digits([{"kind": "lstm", **RNN, "forget_bias": bias}]) for bias in (1.0, 0.3))
    assert differing(own, other=other) == []


@pytest.mark.parametrize("kind", PRETRAINING.names)
def test_pretraining(kind: str) -> None:
    """With every way of pre-training, beside trials that are pre-trained at another rate."""
    own = digits([FLATTEN, dense(13, "sigmoid"), dense(7, "sigmoid")], pretrain=pretraining(kind, epochs=1))
    other = deepcopy(own)
    other["train"]["pretrain"]["lr"] /= 7
    assert differing(own, other=other) == []


def test_evaluation_of_large_splits() -> None:
    """A split that is evaluated in several batches is cut alike, however many trials there are."""
    data = {"kind": "digits", "limit": 1100, "validation": 30}
    own = digits([FLATTEN, dense(300, "relu")], data=data, steps=3, every=1)
    assert differing(own) == []
