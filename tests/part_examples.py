"""Settings of every part, made of its signature: a part is in the batteries the moment that it is registered.

Where defaults are not enough and no value follows from an annotation, the part says one itself: `add(example={"keep": 0.8})`.
"""

from __future__ import annotations

import inspect
from copy import deepcopy
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from dlbench.catalog import Catalog
from dlbench.parts import CATALOGS
from dlbench.parts.arguments import Of

MODEL: dict[str, Any] = {
    "activation": {"kind": "tanh"},
    "init": {"kind": "xavier", "distribution": "uniform", "fan": "avg"},
    "bias_init": {"kind": "zeros"},
}
"""What a layer takes of its net where its own argument is `None`."""

CHAIN = [{"kind": "activation", "activation": {"kind": "softplus"}}]
"""Layers that fit into any place: every shape goes through them and stays as it is."""

VALUES = (0.5, 3, 2, 1, 0, "text", CHAIN, [CHAIN, []])
"""What an argument without a default is given: the first that its annotation allows."""


def shipped(catalog: Catalog[Any]) -> list[str]:
    """The names of dlbench's own parts: an independent oracle is promised of these."""
    return [part.name for part in catalog if part.make.__module__.startswith("dlbench.")]


def example(catalog: str, kind: str, **changes: Any) -> dict[str, Any]:
    """A part's settings as the engine gets them, every default filled in."""
    part = CATALOGS[catalog][kind]
    own = {name: _value(parameter) for name, parameter in part.arguments.items()}
    return deepcopy({"kind": kind, **own, **part.traits.get("example", {}), **changes})


def examples(catalog: str, kind: str) -> dict[str, dict[str, Any]]:
    """The same by names; of a part that is made of one of another catalogue, with each of these: `module my_block`."""
    inner = {name: of for name, one in CATALOGS[catalog][kind].arguments.items() if (of := _made_of(one))}
    if not inner:
        return {kind: example(catalog, kind)}
    ((argument, other),) = inner.items()
    return {
        f"{kind} {name}": example(catalog, kind, **{argument: example(other, name)}) for name in CATALOGS[other].names
    }


def variations(catalog: str, kind: str) -> list[dict[str, Any]]:
    """What else can be chosen, one argument at a time: every other word and the other way of every switch."""
    part = CATALOGS[catalog][kind]
    return [{name: other} for name, one in part.arguments.items() for other in _choices(one) if other != one.default]


def varied(catalog: str, settings: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """An example of a part as each of its variations has it, or those of the part that it is made of; and what is other."""
    found = [(change, {**settings, **change}) for change in variations(catalog, settings["kind"])]
    for name, one in CATALOGS[catalog][settings["kind"]].arguments.items():
        if inner := _made_of(one):
            found += [(change, {**settings, name: own}) for change, own in varied(inner, settings[name])]
    return found


def _made_of(parameter: inspect.Parameter) -> str | None:
    """The catalogue that an argument without a default takes one part of."""
    if parameter.default is not parameter.empty or get_origin(parameter.annotation) is not Annotated:
        return None
    kind, *marks = get_args(parameter.annotation)
    return next((mark.catalog for mark in marks if isinstance(mark, Of) and get_origin(kind) is not list), None)


def _value(parameter: inspect.Parameter) -> Any:
    if parameter.default is None:
        return MODEL.get(parameter.name)
    if parameter.default is not parameter.empty:
        return parameter.default
    if inner := _made_of(parameter):
        return example(inner, CATALOGS[inner].names[0])
    return next(value for value in VALUES if _fits(parameter.annotation, value))


def _fits(annotation: Any, value: Any) -> bool:
    try:
        TypeAdapter(annotation).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _choices(parameter: inspect.Parameter) -> list[Any]:
    if parameter.annotation is bool:
        return [True, False]
    alternatives = get_args(parameter.annotation) if get_origin(parameter.annotation) is not Literal else ()
    words = [one for one in (parameter.annotation, *alternatives) if get_origin(one) is Literal]
    return [choice for one in words for choice in get_args(one)]
