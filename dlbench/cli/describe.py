"""A part's signature in words: which arguments a recipe may give it, of which type, in which range."""

from __future__ import annotations

import inspect
import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types

from dlbench.parts.arguments import Of, Takes, marks
from dlbench.recipe.parts import arguments as recipe_arguments
from dlbench.recipe.resolve import DEFAULTS
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


@dataclass(frozen=True)
class Argument:
    """One argument of a part as text; `default` is `None` where the recipe must give it."""

    name: str
    type: str
    default: str | None
    range: str


def arguments(catalog: str, name: str) -> list[Argument]:
    """The arguments of a part in the order of its signature, then those that its whole catalogue shares."""
    return [_argument(parameter, catalog) for parameter in recipe_arguments(catalog, name).values()]


def _argument(parameter: inspect.Parameter, catalog: str) -> Argument:
    return Argument(
        name=parameter.name,
        type=type_text(parameter.annotation),
        default=_default(parameter, catalog),
        range=range_text(parameter.annotation),
    )


def _default(parameter: inspect.Parameter, catalog: str) -> str | None:
    default = parameter.default
    if default is inspect.Parameter.empty:
        return None
    if default is None:
        return "the model's" if catalog == "layers" and parameter.name in DEFAULTS else "none"
    return toml_text(default)


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
        catalogs = [fact.catalog for fact in annotation.__metadata__ if isinstance(fact, Of)]
        if not catalogs:
            return type_text(inner[0])
        return f"list of {catalogs[0]}" if get_origin(inner[0]) is list else f"one of {catalogs[0]}"
    if origin is Literal:
        return " | ".join(map(toml_text, inner))
    if origin in {Union, types.UnionType}:
        return " | ".join(dict.fromkeys(type_text(option) for option in inner if option is not types.NoneType))
    if origin in {list, tuple, dict}:
        return f"table of {type_text(inner[1])}" if origin is dict else f"list of {type_text(inner[0])}"
    return str(getattr(annotation, "__name__", annotation))


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
