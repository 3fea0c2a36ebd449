"""A small recipe to change, and how to load it changed."""

from pathlib import Path

import pytest

from dlbench.recipe import load

BASE = """\
[lesson]
title = "Nine hidden layers"

[data]
kind = "xor"

[model]
activation = "sigmoid"
layers = [
  { kind = "dense", units = 5, repeat = 2 },
  { kind = "dropout", keep = 0.9 },
]

[train]
optimizer = { kind = "sgd", lr = 0.1 }
steps = 100

[trials]
seeds = 3

[variants.sigmoid]

[variants.relu]
model.activation = "relu"

[compare]
metric = "solved"
baseline = "sigmoid"

[[claims]]
says = "The sigmoid net fails"
source = "lecture"
variant = "sigmoid"
metric = "solved"
at_most = 0
"""
"""Line 5 is the data, 8 the activation, 10 and 11 the layers, 15 and 16 the training, 19 the seeds, 21 and 23 the
variants, 27 and 28 the comparison, 30 to 35 the claim."""

ALONE = BASE[: BASE.index("[variants.sigmoid]")]
"""The same without variants, comparison and claims."""


@pytest.fixture
def base():
    """The text of a recipe with two variants and a claim."""
    return BASE


@pytest.fixture
def alone():
    """The text of a recipe with nothing to compare."""
    return ALONE


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Load a text as `mine.toml`, from the folder it lies in."""
    monkeypatch.chdir(tmp_path)

    def load_text(text, *arguments, **options):
        Path("mine.toml").write_text(text, encoding="utf-8")
        return load("mine.toml", *arguments, **options)

    return load_text
