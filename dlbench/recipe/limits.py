"""How much a recipe may ask for; what is over a limit is counted, not made."""

from __future__ import annotations

from typing import Any

from dlbench.parts.arguments import Settings
from dlbench.recipe.parts import nested

FILE_BYTES = 200_000
NESTING = 32
TRIALS = 10_000
LAYERS = 1_000
LAYERS_IN_ALL = 200_000
PARAMETERS = 500_000_000
BYTES = 64 * 2**30
STEPS = 100_000_000

BYTES_PER_PARAMETER = 16
"""A weight, its gradient and an optimizer's two averages, in float32."""


def beyond(count: int, limit: int, things: str) -> str | None:
    """`asks for 1,000,000 trials; the limit is 10,000`, or `None` within the limit."""
    return f"asks for {count:,} {things}; the limit is {limit:,}" if count > limit else None


def count_layers(layers: list[Settings]) -> int:
    """How many layers stand in a net once every `repeat` is laid out, those inside of layers counted too."""
    return sum(layer["repeat"] * (1 + sum(map(_count_inside, _inside(layer)))) for layer in layers)


def depth(value: Any) -> int:
    """How deep tables and lists stand in one another, counted without recursion."""
    level, deepest = [value], 0
    while level := [inner for outer in level if isinstance(outer, (dict, list)) for inner in _members(outer)]:
        deepest += 1
    return deepest


def _inside(layer: Settings) -> list[Any]:
    return list(nested("layers", layer, "layers").values())


def _count_inside(held: list[Any]) -> int:
    if held and isinstance(held[0], list):
        return sum(map(_count_inside, held))
    return count_layers(held)


def _members(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return list(outer.values() if isinstance(outer, dict) else outer)
