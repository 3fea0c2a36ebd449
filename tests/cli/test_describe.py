"""Signatures in words."""

from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Interval, Le, Len, Lt, MinLen
from each import each

from dlbench.cli.describe import arguments, range_text, toml_text, type_text
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import Activation, Init, Layers, Number, Sides

PARTS = [(catalog.name, part) for catalog in CATALOGS.values() for part in catalog]


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (Annotated[int, Ge(1)], "int"),
        (float | None, "float"),
        (Number, "float"),
        (Annotated[Number, Ge(0)] | None, "float"),
        (list[int], "list of int"),
        (Annotated[list[float], Len(2)], "list of float"),
        (Literal["avg", "in"], '"avg" | "in"'),
        (int | Literal["full"], 'int | "full"'),
        (Activation, "one of activations"),
        (Init | None, "one of inits"),
        (Layers, "list of layers"),
        (list[Layers], "list of list of layers"),
    ],
)
def test_type_text(annotation, text):
    """A type is told as a recipe's author writes it."""
    assert type_text(annotation) == text


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, ""),
        (Annotated[int, Ge(1)], ">= 1"),
        (Annotated[float, Gt(0), Lt(1)], "> 0, < 1"),
        (Annotated[float, Ge(0), Le(1)] | None, ">= 0, <= 1"),
        (Annotated[float, Interval(ge=0, lt=1)], ">= 0, < 1"),
        (Annotated[list[float], Len(2, 2)], "length >= 2, length <= 2"),
        (Annotated[list[Annotated[int, Ge(0)]], MinLen(1)], "length >= 1, >= 0"),
        (Annotated[Number, Ge(0)], ">= 0"),
        (Sides | None, "a whole number of at least 1, or two of them as [height, width]"),
    ],
)
def test_range_text(annotation, text):
    """Every bound is told, wherever in the type it stands."""
    assert range_text(annotation) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (0.5, "0.5"),
        ("avg", '"avg"'),
        ({"kind": "zeros"}, '"zeros"'),
        ({"kind": "he", "fan": "in"}, '{ kind = "he", fan = "in" }'),
        ([1, 2], "[1, 2]"),
    ],
)
def test_toml_text(value, text):
    """A default is told as a recipe writes it."""
    assert toml_text(value) == text


@each(("catalog", "part"), PARTS, ids=[f"{catalog}-{part.name}" for catalog, part in PARTS])
def test_every_part_can_be_described(catalog, part):
    """No part has an argument whose type is not understood, and every default is told."""
    described = {argument.name: argument for argument in arguments(catalog, part.name)}

    assert part.arguments.keys() <= described.keys()
    for argument in described.values():
        assert argument.type
        assert not any(mark in argument.type for mark in ("typing", "Annotated", "<", "dict"))
    for name, parameter in part.arguments.items():
        assert (described[name].default is None) == (parameter.default is parameter.empty)


def test_model_default():
    """Where a layer's argument falls back on the model's, that is what is told."""
    told = {argument.name: argument.default for argument in arguments("layers", "dense")}

    assert told["activation"] == "the model's"
    assert told["units"] is None
    assert told["repeat"] == "1"
