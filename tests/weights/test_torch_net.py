"""A net as plain torch code says what the engine says, whatever it is made of."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import dense
from kept_nets import code_of, kept_net, module_of
from layer_examples import EXAMPLES, build, kind_of
from part_examples import example, variations

from dlbench.errors import UsageError
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import given
from dlbench.parts.datasets import describe
from dlbench.parts.datasets.base import Preparation
from dlbench.parts.datasets.preparation import prepared
from dlbench.parts.layers.base import Stateless, Weight
from dlbench.parts.torch_code import MergedAsTorch, TorchCode, WrittenAsTorch
from dlbench.recipe import load, shipped_recipes
from dlbench.weights.export import safetensors
from dlbench.weights.net_file import net_file

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
    largest = float(own.abs().max())
    assert theirs.numpy() == pytest.approx(own.numpy(), rel=2e-6, abs=2e-6 * max(largest, 1.0))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_layer_says_the_same(name, tmp_path):
    """Every layer of the catalogue, with every choice of its arguments and on every shape that it takes."""
    arguments, shape = EXAMPLES[name]
    part = CATALOGS["layers"][kind_of(name)]
    if not part.make.__module__.startswith("dlbench.") and not isinstance(
        build(name).layer, WrittenAsTorch | MergedAsTorch
    ):
        pytest.skip("a layer of one's own need not say how it is written")
    if arguments.get("at_test"):
        pytest.skip("what is drawn at test is another number each time")

    compared([{"kind": kind_of(name), **arguments}, FLATTEN], shape, tmp_path)


def test_dropout_that_is_left_on_at_test_is_on(tmp_path):
    """Of many samples that are alike the outputs differ, and their mean is that of all units (five standard errors)."""
    on, off = ({"kind": "dropout", "keep": 0.7, "rate": None, "at_test": at_test} for at_test in (True, False))
    x = kept_net([off], (4,)).inputs()[:1].expand(20_000, 4)
    drawn = loaded(kept_net([on], (4,)).trial, tmp_path)(x).detach()
    (mean,) = kept_net([off], (4,)).outputs(x[:1]).numpy()

    assert (drawn.std(dim=0) > 0).all()
    assert (np.abs(drawn.mean(dim=0).numpy() - mean) < 5 * drawn.std(dim=0).numpy() / 20_000**0.5).all()


@pytest.mark.parametrize("layer", ["dense", "conv", "rnn", "residual", "activation"])
@pytest.mark.parametrize("kind", CATALOGS["activations"].names)
def test_every_activation_says_the_same(kind, layer, tmp_path):
    """Every activation in every layer that applies one."""
    own = CATALOGS["activations"][kind]
    if not own.make.__module__.startswith("dlbench.") and "torch" not in own.traits:
        pytest.skip("an activation of one's own need not say how it is written")
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


@pytest.mark.parametrize("path", shipped_recipes(), ids=lambda path: path.stem)
def test_every_shipped_net_says_the_same(path, tmp_path):
    """The nets of all variants of all shipped recipes leave, and say what they begin with, but those that draw at test."""
    nets = {}
    for candidate in load(path.stem, quick=True).candidates:
        model, source = candidate.settings["model"], describe(candidate.settings["data"])
        if not any(layer.get("at_test") for layer in model["layers"]):
            nets[json.dumps([model["layers"], source.shape])] = (model["layers"], source)
    assert nets
    for layers, source in nets.values():
        compared(layers, source.shape, tmp_path, classes=source.classes or 3, targets=source.targets, drawn=False)


OUTPUTS = {
    "softmax": ({"classes": 3}, lambda z: torch.softmax(z, dim=1)),
    "one logistic unit": ({"classes": 2}, lambda z: torch.cat([torch.sigmoid(-z), torch.sigmoid(z)], dim=1)),
    "a logistic unit a class": ({"classes": 3, "loss": "bce"}, torch.sigmoid),
    "no probabilities": ({"classes": 3, "loss": "mse"}, lambda z: z),
    "numbers": (
        {"targets": ["a", "b"], "loss": "mse", "data": {"target_shift": np.array([3.0, -1]), "target_unit": np.array([2.0, 5])}},
        lambda z: z.double() * torch.tensor([2.0, 5]) + torch.tensor([3.0, -1]),
    ),
    "numbers as they are": ({"targets": ["a"], "loss": "l1"}, lambda z: z),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
def test_predictions_are_what_the_loss_makes_of_outputs(name, tmp_path):
    """`predict` gives probabilities of classes, by the loss that the net was trained with, or numbers in their own units."""
    options, expected = OUTPUTS[name]
    kept = kept_net([dense(4)], (3,), **options)
    x = kept.inputs()

    assert loaded(kept.trial, tmp_path).predict(x).numpy() == pytest.approx(
        expected(kept.outputs(x)).numpy(), rel=1e-6, abs=1e-7
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inputs_are_prepared_as_training_saw_them(dtype, tmp_path):
    """`normalize` fills gaps, subtracts and divides, in the precision of the training: far from 0 no digit is lost."""
    mean, std = np.array([[1e6, -2.0]], dtype), np.array([[1e-3 if dtype == np.float64 else 4.0, 3.0]], dtype)
    data = {"fill": np.array([1e6, 0.5]), "mean": mean, "std": std}
    kept = kept_net([dense(4)], (2,), data=data)
    x = np.array([[1e6 + 5e-4, 1.0], [np.nan, np.nan], [1e6, -3]])
    net = loaded(kept.trial, tmp_path)
    filled = np.where(np.isnan(x), [1e6, 0.5], x).astype(dtype)
    expected = ((filled - mean) / std).astype(np.float32)

    assert (net.normalize(torch.from_numpy(x)).numpy() == expected).all()
    assert (net.normalize(torch.from_numpy(x)).numpy() == prepared(x, Preparation(data["fill"], mean, std))).all()
    own = torch.softmax(kept.outputs(torch.from_numpy(expected)), dim=1)
    assert net.predict(torch.from_numpy(x)).numpy() == pytest.approx(own.numpy(), rel=1e-5, abs=1e-7)


def test_the_code_knows_no_dlbench_and_no_name_can_break_it(tmp_path):
    """Names of variants, classes and features stand as they are and end no text; nothing of dlbench is imported."""
    evil = ['cl"""ass', "back\\slash", "line\nend", "it's"]
    kept = kept_net([dense(4)], (3,), classes=4, names=evil)
    text = net_file(kept.trial, "case, variant '" + evil[0] + evil[1] + evil[2], 'a"""b\\.safetensors')
    tree = ast.parse(text)
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert evil == module_of(text).CLASSES
    assert {name.partition(".")[0] for name in modules} == {"torch", "safetensors"}
    assert len([node for node in tree.body if isinstance(node, ast.ClassDef)]) == 1


def test_the_example_of_the_file_runs_as_it_stands(tmp_path, monkeypatch):
    """What the docstring of `net.py` says is run, beside the files that the export has written."""
    kept = kept_net([{"kind": "conv", **given(example("layers", "conv")), "channels": 2}, FLATTEN], (1, 6, 6))
    code, place = code_of(kept.trial), {}
    (tmp_path / "seed-0.safetensors").write_bytes(safetensors(kept.trial))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "net", module_of(code))
    lines = re.findall(r"^    (.*)$", ast.get_docstring(ast.parse(code), clean=False) or "", re.MULTILINE)
    exec("\n".join([*lines[:-1], f"said = {lines[-1]}"]), place)  # it is what is tested

    assert list(place["said"].shape) == [5, 3]
    assert place["said"].sum(dim=1).numpy() == pytest.approx(1)


@pytest.fixture
def own_layer():
    """A layer of one's own that says nothing of torch, gone after the test."""

    class Doubled(Stateless):
        def __init__(self) -> None:
            pass

        def forward(self, x, weights, place):
            return 2 * x

    CATALOGS["layers"].add(name="doubled")(Doubled)
    yield Doubled
    del CATALOGS["layers"]._parts["doubled"]


def test_a_layer_of_ones_own_can_say_how_it_is_written(own_layer, tmp_path):
    """Without a word of it the layer is named and nothing is written; with `as_torch` its net leaves too."""
    layers = [{"kind": "doubled"}, dense(4)]
    with pytest.raises(UsageError, match="doubled1: the layer 'doubled' does not say how it is written with torch"):
        code_of(kept_net(layers, (3,)).trial)
    own_layer.weights = lambda self, shape: {"own": Weight(shape, 1, 1, {"kind": "zeros"})}
    own_layer.forward = lambda self, x, weights, place: x * weights["own"].unsqueeze(1)
    made = "nn.Parameter(torch.ones(3))"
    own_layer.as_torch = lambda self, shape: TorchCode(made, "{x} * {module}", weights=lambda own: {"": own["own"]})

    compared(layers, (3,), tmp_path)


def test_a_layer_without_weights_can_be_an_expression(own_layer, tmp_path):
    """A layer that makes no module is only what `forward` does."""
    layers = [{"kind": "doubled"}, dense(4)]
    own_layer.as_torch = lambda self, shape: TorchCode(call="2 * {x}")

    compared(layers, (3,), tmp_path)


def test_an_activation_of_ones_own_can_say_how_it_is_written(tmp_path):
    """Without the trait it is named; one that names its argument twice gets a line of its own."""
    catalog = CATALOGS["activations"]
    try:
        catalog.add(name="squared", bounds=(0, None))(lambda x: x * x)
        catalog.add(name="bent", bounds=(None, None), torch="{x} + 0.1 * {x} * {x}")(lambda x: x + 0.1 * x * x)
        with pytest.raises(
            UsageError, match="dense1: the activation 'squared' does not say how it is written with torch"
        ):
            code_of(kept_net([dense(4, "squared")], (3,)).trial)
        compared([dense(4, "bent")], (3,), tmp_path)
    finally:
        catalog._parts.pop("squared", None)
        catalog._parts.pop("bent", None)
