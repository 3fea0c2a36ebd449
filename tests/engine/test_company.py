"""No bit of a trial depends on its company on a CPU: on who trains beside it, how many, in which order, and what becomes of them."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from cases import CPU, ZEROS, dense, plan_of, pretraining, settings, trained
from part_examples import example, examples

from dlbench.engine.outcome import predictions_of
from dlbench.engine.slices import slices_for
from dlbench.parts.activations import ACTIVATIONS
from dlbench.parts.inits import INITS
from dlbench.parts.layers.base import LAYERS, ShapeError
from dlbench.parts.losses import LOSSES
from dlbench.parts.optimizers import OPTIMIZERS
from dlbench.parts.outline import outline
from dlbench.parts.pretraining import PRETRAINING
from dlbench.parts.regularizers import REGULARIZERS

FLATTEN = {"kind": "flatten"}
HIDDEN = [FLATTEN, dense(13, "sigmoid"), dense(7, "tanh")]
SEED = 4


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
    function = example("activations", kind)
    layer = dense(13) | {"activation": function}
    return digits([FLATTEN, layer, {**layer, "units": 7}])


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("kind", ACTIVATIONS.names)
def test_activations(kind: str) -> None:
    """With every activation."""
    assert differing(activation(kind)) == []


RNN = {"units": 5, "init": {"kind": "torch_default"}, "bias_init": ZEROS}
IMAGES: list[dict[str, Any]] = []
FEATURES = [FLATTEN, dense(12)]
"""What comes before a layer, so that it takes images, or features that fill no vector register."""
SPECIAL: dict[str, list[dict[str, Any]]] = {
    "dense, one unit": [FLATTEN, dense(1), dense(3, "relu")],
    "conv": [example("layers", "conv", kernel=3, activation={"kind": "relu"}), FLATTEN, dense(6)],
    "max_pool, even": [example("layers", "max_pool", kernel=2), FLATTEN],
    "max_features": [FLATTEN, dense(12), {"kind": "max_features", "pieces": 3}],
    "maxout": [FLATTEN, example("layers", "maxout", units=5, pieces=3)],
    "dropout, at test": [FLATTEN, dense(9), example("layers", "dropout", at_test=True)],
    "rnn": [{"kind": "rnn", **RNN, "sequences": True}, {"kind": "rnn", **RNN, "activation": {"kind": "relu"}}],
    "residual": [FLATTEN, dense(9), example("layers", "residual", layers=[dense(9, "gelu"), dense(9)])],
    "sequential": [FLATTEN, {"kind": "sequential", "layers": [dense(9), dense(5, "softplus")]}],
    "split": [FLATTEN, example("layers", "split", branches=[[dense(9)], [dense(4, "silu")]])],
}
"""Layers in other company than their signature gives them."""


def of_the_catalogue() -> dict[str, list[dict[str, Any]]]:
    """Every layer on images, on features, or on both, and dense layers behind it."""
    found = {}
    every = {name: one for kind in LAYERS.names for name, one in examples("layers", kind).items()}
    for kind, layer in every.items():
        for what, before in {"images": IMAGES, "features": FEATURES}.items():
            net = [*before, layer, FLATTEN, dense(6)]
            with suppress(ShapeError):
                outline({"layers": net, "output": {}}, (1, 8, 8), 10)
                found[f"{kind} of {what}"] = net
    return found


def test_every_layer_is_tried() -> None:
    """Each layer of the catalogue is in one of the nets at least, as its signature makes it."""
    assert {name.split()[0] for name in of_the_catalogue()} == set(LAYERS.names)


@pytest.mark.parametrize("layers", (tried := of_the_catalogue() | SPECIAL).values(), ids=tried)
def test_layers(layers: list[dict[str, Any]]) -> None:
    """With every layer."""
    assert differing(digits(layers)) == []


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("kind", OPTIMIZERS.names)
def test_optimizers(kind: str) -> None:
    """With every optimizer, beside trials of another rate."""
    own = digits(optimizer=example("optimizers", kind))
    other = deepcopy(own)
    other["train"]["optimizer"]["lr"] /= 3
    assert differing(own, other=other) == []


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("kind", REGULARIZERS.names)
def test_regularizers(kind: str) -> None:
    """With every regularizer, strong enough to act."""
    own = example("regularizers", kind)
    strong = {name: 0.05 for name, value in own.items() if isinstance(value, float)}
    assert differing(digits(regularizers=[own | strong])) == []


def test_a_schedule_that_follows_evaluations() -> None:
    """With a rate that falls on plateaus, beside trials of another rate, whose evaluations say something else."""
    own = digits(steps=12, every=2)
    own["train"]["schedule"] = example("schedules", "reduce_on_plateau", patience=0, threshold=0.02, factor=0.7)
    other = deepcopy(own)
    other["train"]["optimizer"]["lr"] /= 3
    assert differing(own, other=other) == []


@pytest.mark.parametrize("kind", INITS.names)
def test_inits(kind: str) -> None:
    """From every init, beside trials that begin from another."""
    init = example("inits", kind)
    own = digits([FLATTEN, dense(13, init=init), dense(7, "relu", init=init)], init=init)
    assert differing(own, other=digits()) == []


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("batch_size", ["full", 1, 50])
@pytest.mark.parametrize("data", ["xor", "digits"])
def test_losses_and_batches(data: str, batch_size: int | str) -> None:
    """With both losses, in batches of any size."""
    own = digits([FLATTEN, dense(5, "sigmoid", repeat=3)], data=data, batch_size=batch_size)
    assert differing(own) == []


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("kind", [part.name for part in LOSSES if "classification" in part.traits["tasks"]])
@pytest.mark.parametrize("data", ["xor", "digits"])
def test_losses(data: str, kind: str) -> None:
    """With every loss, of one output and of several, class weights beside it."""
    own = digits([FLATTEN, dense(5, "sigmoid")], data=data)
    own["train"] |= {
        "loss": example("losses", kind),
        "class_weights": [2.0, 0.5, *[1.0] * 8][: 2 if data == "xor" else 10],
    }
    assert differing(own) == []


NUMBERS = {
    "dropout": ({"kind": "dropout", "keep": 0.7, "rate": None}, {"keep": 0.9}),
    "dropout at test": ({"kind": "dropout", "keep": 0.7, "rate": None, "at_test": True}, {"keep": 0.9}),
    "dropout by rate": ({"kind": "dropout", "keep": None, "rate": 0.3}, {"rate": 0.1}),
    "leaky_relu": ({"kind": "activation", "activation": {"kind": "leaky_relu", "slope": 0.3}}, {"slope": 0.01}),
    "elu": ({"kind": "activation", "activation": {"kind": "elu", "alpha": 0.7}}, {"alpha": 1.3}),
}


@pytest.mark.usefixtures("either_way")
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
