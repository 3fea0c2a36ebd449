"""A net as plain torch code says what the engine says, whatever it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kept_nets import code_of, kept_net, module_of
from layer_examples import EXAMPLES, kind_of, takes
from part_examples import example, variations

from dlbench.parts import CATALOGS
from dlbench.weights.export import safetensors

FLATTEN = {"kind": "flatten"}
NUMBERS = {"alpha": (0.3, 2.0), "slope": (0.0, 0.25)}
"""Arguments of activations that a number changes."""


def loaded(one: Any, tmp_path: Path) -> Any:
    """The net of the generated module with the exported weights."""
    file = tmp_path / "seed-0.safetensors"
    file.write_bytes(safetensors(one))
    return module_of(code_of(one)).load(str(file))


def compared(layers: list[dict[str, Any]], shape: tuple[int, ...], tmp_path: Path, **options: Any) -> None:
    """The module's outputs are the engine's (float32 rounds sums in another order: 1e-6 of the largest)."""
    kept = kept_net(layers, shape, **options)
    x = kept.inputs()
    own, theirs = kept.outputs(x), loaded(kept.trial, tmp_path)(x).detach()

    assert own.shape == theirs.shape
    assert own.std() > 0
    largest = float(own.abs().max())
    assert theirs.numpy() == pytest.approx(own.numpy(), rel=2e-6, abs=2e-6 * max(largest, 1.0))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_layer_says_the_same(name, tmp_path):
    """Every layer of the catalogue, with every choice of its arguments and on every shape that it takes."""
    arguments, shape = EXAMPLES[name]
    if not takes({"kind": kind_of(name), **arguments}, shape):
        pytest.fail("the battery has examples that no layer takes")

    compared([{"kind": kind_of(name), **arguments}, FLATTEN], shape, tmp_path)


@pytest.mark.parametrize("layer", ["dense", "conv", "rnn", "residual", "activation"])
@pytest.mark.parametrize("kind", CATALOGS["activations"].names)
def test_every_activation_says_the_same(kind, layer, tmp_path):
    """Every activation in every layer that applies one."""
    shape = {"conv": (2, 5, 5), "rnn": (4, 3)}.get(layer, (4,))
    own = example("layers", layer, activation=example("activations", kind))

    compared([own, FLATTEN], shape, tmp_path)


@pytest.mark.parametrize(
    ("kind", "argument", "value"),
    [
        (part.name, name, value)
        for part in CATALOGS["activations"]
        for name in part.arguments
        for value in NUMBERS.get(name, ())
    ],
)
def test_arguments_of_activations_are_written(kind, argument, value, tmp_path):
    """Another number makes the same difference."""
    activation = example("activations", kind, **{argument: value})

    compared([{"kind": "dense", "units": 4, "activation": activation}], (3,), tmp_path)


def test_every_argument_of_an_activation_is_tried():
    """A new argument of an activation must be in the numbers above, or be a choice."""
    names = {name for part in CATALOGS["activations"] for name in part.arguments}

    assert names == set(NUMBERS)
    assert not any(variations("activations", kind) for kind in CATALOGS["activations"].names)
