"""A part's signature in words: which arguments a recipe may give it, of which type, in which range."""

from __future__ import annotations

import inspect
import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types

from dlbench.parts.arguments import Of, PerTrial
from dlbench.parts.catalog import Part

MODEL_DEFAULTS = ("activation", "init", "bias_init")
"""Keys of `[model]` that stand in for a layer's argument of that name where its default is `None`."""

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
    per_trial: bool
    """Whether trials that differ in it can still train together."""


def arguments(part: Part[Any], *, catalog: str) -> list[Argument]:
    """The arguments of a part in the order of its signature."""
    return [_argument(parameter, catalog) for parameter in part.arguments.values()]


def _argument(parameter: inspect.Parameter, catalog: str) -> Argument:
    facts = list(metadata(parameter.annotation))
    return Argument(
        name=parameter.name,
        type=type_text(parameter.annotation),
        default=_default(parameter, catalog),
        range=", ".join(filter(None, map(bound_text, facts))),
        per_trial=any(isinstance(fact, PerTrial) for fact in facts),
    )


def _default(parameter: inspect.Parameter, catalog: str) -> str | None:
    default = parameter.default
    if default is inspect.Parameter.empty:
        return None
    if default is None:
        return "the model's" if catalog == "layers" and parameter.name in MODEL_DEFAULTS else "none"
    return toml_text(default)


def toml_text(value: Any) -> str:
    """A value as a recipe writes it: `true`, `"avg"`, `{ kind = "zeros" }`, a part without arguments as its name."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case {"kind": kind, **rest} if not rest:
            return f'"{kind}"'
        case dict():
            return "{ " + ", ".join(f"{key} = {toml_text(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(toml_text, value)) + "]"
        case _:
            return str(value)


def metadata(annotation: Any) -> list[Any]:
    """Everything that `Annotated` says about a type, at any depth of its unions and lists."""
    found = list(annotation.__metadata__) if get_origin(annotation) is Annotated else []
    inner = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    return found + [fact for argument in inner for fact in metadata(argument)]


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
    if origin in {list, tuple}:
        return f"list of {type_text(inner[0])}"
    return str(getattr(annotation, "__name__", annotation))


def bound_text(fact: Any) -> str:
    """One bound of `annotated_types` as text, empty for anything else."""
    if isinstance(fact, annotated_types.GroupedMetadata):
        return ", ".join(filter(None, map(bound_text, fact)))
    sign, field = BOUNDS.get(type(fact), ("", ""))
    return f"{sign}{getattr(fact, field)}" if sign else ""
