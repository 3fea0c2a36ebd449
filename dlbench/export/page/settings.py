"""The settings of a run's candidates as paths and values: what differs between them, and what is the same for all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlbench.plan import Candidate, candidate_text

Flat = dict[str, str]
"""Path -> value as text, in the order of the settings."""

INHERITED = ("activation", "init", "bias_init")
"""What a layer takes over from the model where it names none of its own."""
NOTHING = "–"


@dataclass(frozen=True)
class Settings:
    """What a run's candidates were trained with: `differing` paths with a row of values a candidate, `common` ones with one."""

    differing: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """The candidate, and its values of `differing`."""
    common: tuple[tuple[str, str], ...]


def settings_of(candidates: Sequence[Candidate]) -> Settings:
    """The settings of candidates side by side; what none of them sets is left out."""
    found = [flat(candidate.settings) for candidate in candidates]
    paths = list(dict.fromkeys(path for own in found for path in own))
    different = [path for path in paths if len({own.get(path) for own in found}) > 1]
    # The arguments of one part mean nothing to another: where the parts differ, each is told with its own.
    parts = [path for path in different if any(other.startswith(f"{path}.") for other in paths)]
    inside = {path: next((part for part in parts if path.startswith(f"{part}.")), None) for path in different}
    differing = tuple(path for path in different if inside[path] is None)
    rows = tuple(
        (
            candidate_text(candidate),
            tuple(_value(own, path, [p for p in different if inside[p] == path]) for path in differing),
        )
        for candidate, own in zip(candidates, found, strict=True)
    )
    return Settings(differing, rows, tuple((path, found[0][path]) for path in paths if path not in different))


def _value(own: Flat, path: str, arguments: Sequence[str]) -> str:
    """`he(distribution = normal)`: a value, with the arguments of a part that others do not share."""
    if path not in own:
        return NOTHING
    told = ", ".join(f"{one.removeprefix(f'{path}.')} = {own[one]}" for one in arguments if one in own)
    return f"{own[path]}({told})" if told else own[path]


def flat(settings: Mapping[str, Any]) -> Flat:
    """Settings as paths: `{"train.optimizer": "sgd", "train.optimizer.lr": "0.1", "model.layers": "dense(units = 5) ×10"}`."""
    return {path: value for section, own in settings.items() for path, value in _flat(section, own)}


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is None or value == []:
        return
    if not isinstance(value, Mapping):
        yield path, text_of(value)
        return
    inside = dict(value)
    if "kind" in inside:
        yield path, str(inside.pop("kind"))
    if path == "model" and isinstance(layers := inside.pop("layers", None), list):
        yield "model.layers", " · ".join(_layer(layer, inside) for layer in layers)
        inside["output"] = _own(inside.get("output") or {}, inside)
    for key, inner in inside.items():
        yield from _flat(f"{path}.{key}", inner)


def _own(layer: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """What a layer does not take over from its model."""
    return {key: value for key, value in layer.items() if key not in INHERITED or value != model.get(key)}


def _layer(layer: Any, model: Mapping[str, Any]) -> str:
    """`dense(units = 5) ×10`, without what it takes over from its model."""
    if not isinstance(layer, Mapping):
        return text_of(layer)
    own = {key: value for key, value in _own(layer, model).items() if value is not None}
    kind, times = own.pop("kind", "?"), own.pop("repeat", 1)
    told = ", ".join(f"{key} = {_nested(value, model)}" for key, value in own.items())
    return f"{kind}{f'({told})' if told else ''}{'' if times == 1 else f' ×{times}'}"


def _nested(value: Any, model: Mapping[str, Any]) -> str:
    """An argument of a layer, which may be layers again, or lists of them."""
    if isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        return f"[{', '.join(_nested(one, model) for one in value)}]"
    return _layer(value, model) if isinstance(value, Mapping) else text_of(value)


def text_of(value: Any) -> str:
    """A value as a recipe writes it, a part with its arguments, a text without its quotation marks."""
    match value:
        case str():
            return value
        case {"kind": _}:
            return _layer(value, {})
        case _:
            return json.dumps(value, ensure_ascii=False)
