"""What is said of a wrong value: one sentence each, with what was given, what is taken, and the likely meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from dlbench.errors import hint

_TAKES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
    "model_type": "a table",
    "dict_type": "a table",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_LONGEST = 40
_SHOWN = 3


def given(value: Any) -> str:
    """A wrong value as it stands in the recipe, or in a word what it is."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'the text "{value}"' if len(value) <= _LONGEST else "a long text"
        case int() | float():
            return f"{value}"
        case dict():
            return "a table"
        case list():
            return f"the list {value}" if _is_short(value) else "a list"
        case _:
            return f"the {type(value).__name__} {value}"


def _is_short(values: list[Any]) -> bool:
    """Whether a list is of a few numbers, which say more than its name."""
    return bool(values) and all(type(one) in {int, float} for one in values) and len(f"{values}") <= _LONGEST


def listed(names: Iterable[str], last: str = "and") -> str:
    """`'a', 'b' and 'c'`."""
    quoted = [f"'{name}'" for name in names]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def few(names: Sequence[str]) -> str:
    """The names, the first three and a count where they are many."""
    if len(names) <= _SHOWN:
        return listed(names)
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more"


def nearest(name: str, names: Collection[str], instead: str) -> str:
    """`; did you mean 'x'?` with the name that looks most like it, else `; {instead} 'a', 'b' and 'c'`."""
    return hint(name, names, f"{instead} {listed(names)}" if names else "")


def reason(kind: str, value: Any, context: Mapping[str, Any], text: str) -> str:
    """A pydantic error of type `kind` in words."""
    if kind in _TAKES:
        return f"takes {_TAKES[kind]}, not {given(value)}"
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"must be {words} {context[key]:g}, not {value}"
    if kind == "literal_error":
        return f"takes {context['expected']}, not {given(value)}"
    if kind in {"too_short", "too_long"}:
        return f"takes {_lengths(context)}, not {context['actual_length']}"
    return text


def _lengths(context: Mapping[str, Any]) -> str:
    if "min_length" in context:
        return f"at least {context['min_length']} values"
    return f"at most {context['max_length']} values"
