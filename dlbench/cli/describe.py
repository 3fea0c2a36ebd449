"""A part's signature in words: which arguments a recipe may give it, of which type, in which range."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types

from dlbench.parts.arguments import MetricName, Of, Takes, marks
from dlbench.recipe.parts import arguments as recipe_arguments
from dlbench.recipe.parts import meanings
from dlbench.recipe.resolve import DEFAULTS
from dlbench.recipe.vocabulary import ConditionText
from dlbench.words.printable import one_line

BOUNDS = {
    annotated_types.Ge: (">= ", "ge"),
    annotated_types.Gt: ("> ", "gt"),
    annotated_types.Le: ("<= ", "le"),
    annotated_types.Lt: ("< ", "lt"),
    annotated_types.MultipleOf: ("a multiple of ", "multiple_of"),
    annotated_types.MinLen: ("length >= ", "min_length"),
    annotated_types.MaxLen: ("length <= ", "max_length"),
}
EXAMPLE = re.compile(r"(.*): `(\w+ = [^`]+)`\.")
"""What is said of a key that ends with an example of it."""

NAMED = {MetricName: "metric", ConditionText: "condition"}
"""What texts are called that are more than a text."""


@dataclass(frozen=True)
class Argument:
    """One argument of a part, or key of a section, as text; `default` is `None` where the recipe must give it."""

    name: str
    type: str
    default: str | None
    range: str
    meaning: str = ""
    example: str = ""


def arguments(catalog: str, name: str) -> list[Argument]:
    """The arguments of a part in the order of its signature, then those that its whole catalogue shares."""
    means = meanings(catalog, name)
    known = recipe_arguments(catalog, name).values()
    return [argument(parameter, means.get(parameter.name, ""), catalog) for parameter in known]


def argument(parameter: inspect.Parameter, meaning: str, catalog: str = "") -> Argument:
    """An argument of a part of a catalogue, or without one the key of a section."""
    told = EXAMPLE.fullmatch(meaning)
    return Argument(
        name=parameter.name,
        type=type_text(parameter.annotation),
        default=_default(parameter, catalog),
        range=range_text(parameter.annotation),
        meaning=f"{told[1]}." if told else meaning,
        example=told[2] if told else "",
    )


def _default(parameter: inspect.Parameter, catalog: str) -> str | None:
    default = parameter.default
    if default is inspect.Parameter.empty:
        return None
    if default is None:
        return "the model's" if catalog == "layers" and parameter.name in DEFAULTS else "none"
    return "{}" if is_dataclass(default) else toml_text(default)


def toml_text(value: Any) -> str:
    """A value as a recipe writes it: `true`, `"avg"`, `{ kind = "zeros" }`, a part without arguments as its name."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{one_line(value)}"'
        case {"kind": kind, **rest} if not rest:
            return f'"{kind}"'
        case dict():
            return "{ " + ", ".join(f"{key} = {toml_text(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(toml_text, value)) + "]"
        case _:
            return str(value)


def type_text(annotation: Any) -> str:
    """A type as a recipe's author reads it: `int`, `"in" | "avg"`, `list of int`, `one of activations`."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _marked_text(inner[0], annotation.__metadata__)
    if origin is Literal:
        return " | ".join(map(toml_text, inner))
    if origin in {Union, types.UnionType}:
        return " | ".join(dict.fromkeys(type_text(option) for option in inner if option is not types.NoneType))
    if origin in {list, tuple, dict}:
        of = type_text(inner[-1])
        return ("table" if of == "Any" else f"table of {of}") if origin is dict else f"list of {of}"
    return "table" if is_dataclass(annotation) else str(getattr(annotation, "__name__", annotation))


def _marked_text(annotation: Any, marks: Sequence[Any]) -> str:
    """A type that marks make the name of something."""
    for mark in marks:
        if type(mark) in NAMED:
            return NAMED[type(mark)]
        if isinstance(mark, Of):
            return f"list of {mark.catalog}" if get_origin(annotation) is list else f"one of {mark.catalog}"
    return type_text(annotation)


def range_text(annotation: Any) -> str:
    """Every bound of a type, from the outside in: `>= 0, < 1`; of a union with words for what it takes, the words."""
    if takes := next((mark.what for mark in marks(annotation) if isinstance(mark, Takes)), None):
        return takes
    return ", ".join(filter(None, map(bound_text, marks(annotation))))


def bound_text(fact: Any) -> str:
    """One bound of `annotated_types` as text, empty for anything else."""
    if isinstance(fact, annotated_types.GroupedMetadata):
        return ", ".join(filter(None, map(bound_text, fact)))
    sign, field = BOUNDS.get(type(fact), ("", ""))
    return f"{sign}{getattr(fact, field)}" if sign else ""
