"""Remedies as patches: every one makes a recipe of the recipe that it is for, and another one than it was."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomli_w
from each import each

from dlbench.analysis.diagnosis.finding import Remedy
from dlbench.analysis.diagnosis.remedies import remedies, remedy_names
from dlbench.analysis.diagnosis.rules import RULES
from dlbench.recipe import load

EVIDENCE = {"update_ratio": 2e-5, "left_out": 900.0, "train_samples": 400.0}
DENSE = """
[data]
kind = "digits"
limit = 400
label_noise = 0.2
validation = 100

[model]
activation = "sigmoid"
init = { kind = "normal", std = 0.01 }
bias_init = { kind = "constant", value = -1.0 }
output = { activation = "softmax" }
layers = [
    { kind = "flatten" },
    { kind = "dense", units = 64, repeat = 3 },
    { kind = "batch_norm", momentum = 0.001 },
    { kind = "dense", units = 16, activation = "tanh" },
]

[train]
loss = "mse"
optimizer = { kind = "sgd", lr = 0.1 }
regularizers = [{ kind = "l2", strength = 0.1 }, { kind = "max_norm", norm = 0.1 },
    { kind = "clip_norm", norm = 1e-5 }]
batch_size = 100
epochs = 2
"""
PICTURES = """
[data]
kind = "digits"

[model]
layers = [
    { kind = "conv", channels = 4, kernel = 3, repeat = 2 },
    { kind = "residual", layers = [
        { kind = "conv", channels = 4, kernel = 3, activation = "identity" },
    ] },
    { kind = "dropout", rate = 0.9, at_test = true },
    { kind = "flatten" },
    { kind = "dense", units = 8, init = "zeros" },
]

[train]
optimizer = { kind = "adamw", lr = 0.001, weight_decay = 1.0 }
batch_size = "full"
steps = 10
"""
SEQUENCES = """
[data]
kind = "digits"

[model]
layers = [
    { kind = "rnn", units = 8, recurrent_init = { kind = "orthogonal", gain = 2.0 }, sequences = true },
    { kind = "gru", units = 8, recurrent_init = "xavier", sequences = true },
    { kind = "lstm", units = 8, forget_bias = 0.0 },
]

[train]
optimizer = { kind = "adagrad", lr = 0.01 }
batch_size = 10
steps = 10
"""
LINE = """
[data]
kind = "digits"
limit = 400

[model]
layers = [{ kind = "flatten" }]

[train]
loss = "mse"
optimizer = { kind = "momentum", lr = 0.1, momentum = 0.99 }
schedule = { kind = "step", every = 10 }
batch_size = 100
epochs = 2
"""
RECIPES = {"dense": DENSE, "pictures": PICTURES, "sequences": SEQUENCES, "line": LINE}
KNOWN = {"line": {"rate_left": 0.01}}
"""What is known of one of them besides."""


def nested(patch):
    """A patch by dotted keys as the tables of a variant."""
    found: dict[str, Any] = {}
    for path, value in patch.items():
        *tables, key = path.split(".")
        place = found
        for table in tables:
            place = place.setdefault(table, {})
        place[key] = value
    return found


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """The settings of each recipe, and what they are once they are patched by a remedy, by both names."""
    folder = tmp_path_factory.mktemp("remedies")
    made = {}
    for recipe, text in RECIPES.items():
        document = tomllib.loads(text)
        file = folder / f"{recipe}.toml"
        file.write_text(tomli_w.dumps(document))
        base = load(file).candidates[0].settings
        patched = {one.name: one for one in remedies(remedy_names(), base, EVIDENCE | KNOWN.get(recipe, {})) if one.set}
        document["variants"] = {"base": {}, **{name: nested(one.set) for name, one in patched.items()}}
        file.write_text(tomli_w.dumps(document))
        made[recipe] = {one.variant: one.settings for one in load(file).candidates}
    return made


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_patch_makes_another_recipe(settings, recipe):
    """What a remedy sets can be trained, and is not what was trained before."""
    base = settings[recipe].pop("base")

    assert len(settings[recipe]) > 12
    assert [name for name, own in settings[recipe].items() if own == base] == []


def test_every_remedy_fits_one_of_these(settings):
    """Each remedy that is a setting is tried by one of these recipes at least."""
    tried = {name for own in settings.values() for name in own}
    told_only = {"residual", "usual-units", "shorter-sequences", "split-again", "connect"}

    assert set(remedy_names()) - tried - told_only == {"normalize-target"}


def test_what_it_sets(settings):
    """Some of them, by what they make of the recipe: a rate by the pace, a layer between all others, a default and what differs."""
    dense = settings["dense"]

    assert dense["higher-rate"]["train"]["optimizer"]["lr"] == 10.0  # 150 times 0.1, one digit, from below
    assert [layer["kind"] for layer in dense["layer-norm"]["model"]["layers"]] == [
        "flatten", "dense", "layer_norm", "dense",
    ]  # fmt: skip
    assert settings["line"]["lower-momentum"]["train"]["optimizer"]["momentum"] == 0.9
    (recurrent, *_) = settings["sequences"]["orthogonal"]["model"]["layers"]
    assert recurrent["recurrent_init"]["gain"] == 1
    activations = [layer.get("activation", {}).get("kind") for layer in dense["relu"]["model"]["layers"]]
    assert activations == [None, "relu", None, "relu"]
    assert dense["plain-output"]["model"]["output"]["activation"]["kind"] == "identity"
    assert dense["longer"]["train"]["epochs"] == 10
    assert dense["clean-labels"]["data"]["label_noise"] == 0
    assert settings["line"]["hidden-layer"]["model"]["layers"][-1]["units"] == 64
    assert settings["line"]["constant-rate"]["train"]["schedule"]["kind"] == "constant"
    assert settings["pictures"]["zero-start"]["model"]["layers"][1]["layers"][0]["init"]["kind"] == "zeros"
    assert settings["sequences"]["forget-bias"]["model"]["layers"][2]["forget_bias"] == 1
    assert settings["sequences"]["lstm"]["model"]["layers"][0]["kind"] == "lstm"


def test_what_is_none_is_left_out():
    """A layer that a patch repeats is written as in a recipe, where nothing stands for what has no value."""
    layer = {
        "kind": "dense",
        "units": 4,
        "repeat": 2,
        "init": {"kind": "normal", "mean": None, "std": 0.1},
        "bias": None,
    }
    settings = {"data": {}, "model": {"layers": [layer]}, "train": {}}

    (found,) = remedies(["batch-norm"], settings, {})

    pair = found.set["model.layers.0"]["layers"]
    assert pair == [{"kind": "dense", "units": 4, "init": {"kind": "normal", "std": 0.1}}, {"kind": "batch_norm"}]


@pytest.mark.parametrize(("kind", "lr"), [("adam", 0.001), ("sgd", 0.0003)])
def test_a_rate_of_adam_is_lowered_to_its_own_at_most(kind, lr):
    """The first steps of Adam are wild whatever its gradients are: they do not say that it needs a thousandth of the rate."""
    settings = {"data": {}, "model": {}, "train": {"optimizer": {"kind": kind, "lr": 0.5}}}
    (found,) = remedies(["lower-rate"], settings, {"update_ratio": 4.0})

    assert found.set == {"train.optimizer.lr": lr}


@pytest.mark.parametrize("repeat", [1, 2])
def test_a_norm_stands_before_the_activation(repeat):
    """Behind it, it would not keep a unit from the ends of its range: the activation goes into a layer of its own, behind the norm."""
    layer = {"kind": "dense", "units": 4, "repeat": repeat, "activation": {"kind": "tanh"}}
    (found,) = remedies(["batch-norm"], {"data": {}, "model": {"layers": [layer]}, "train": {}}, {})

    if repeat == 2:
        dense, *behind = found.set["model.layers.0"]["layers"]
        assert dense["activation"] == {"kind": "identity"}
    else:
        behind = [
            {key: value for key, value in one.items() if key != "after"} for one in found.set["model.layers.insert"]
        ]
        assert found.set["model.layers.0.activation"] == "identity"
    assert behind == [{"kind": "batch_norm"}, {"kind": "activation", "activation": {"kind": "tanh"}}]


def test_recorded_loops_are_told_without_a_patch():
    """Where no recipe was trained, every remedy is told, and none sets anything."""
    found = remedies(remedy_names(), {"lr": 0.1}, {})

    assert [one.name for one in found] == list(remedy_names())
    assert {len(one.set) for one in found} == {0}
    assert all(isinstance(one, Remedy) and one.says for one in found)


@each("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_rules_name_remedies_that_there_are(rule):
    """Every remedy that a rule names is known."""
    assert set(rule.remedies) <= set(remedy_names())
