"""The settings in which the candidates of a run differ, read of its plan: what may be asked of a table's rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, TypeAlias

from dlbench.errors import UsageError, hint
from dlbench.plan import Candidate, Plan

VARIANT = "variant"
"""The factor that every run has: what its author called things."""
LONGEST = 40
"""Letters of a list's value."""
Settings: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Factor:
    """One setting over the candidates: its path, and its value by their indices; those are one that are written alike."""

    path: str
    values: Mapping[int, str]
    exact: Mapping[int, Any]
    """The values as the plan has them."""

    @property
    def name(self) -> str:
        """The last word of its path."""
        return self.path.rpartition(".")[2]

    def varies(self, among: Collection[int]) -> bool:
        """Whether some of these candidates differ in it."""
        return len({self.values[index] for index in among}) > 1

    def follows(self, other: Factor, among: Collection[int]) -> bool:
        """Whether among these candidates the other's value tells this one's."""
        pairs = {(other.values[index], self.values[index]) for index in among}
        return len(pairs) == len({theirs for theirs, _ in pairs})


class Factors:
    """All settings of a run's candidates by their paths: `train.optimizer.lr`, `model.init`, `model.layers.2.keep`.

    A part stands under its own path by its name, with those arguments in which candidates with this part differ.
    """

    def __init__(self, plan: Plan) -> None:
        self._candidates = plan.candidates

    @cached_property
    def all(self) -> dict[str, Factor]:
        """Every one, the variant first."""
        flat = [{VARIANT: one.variant} | _flat(_settings(one)) for one in self._candidates]
        paths = dict.fromkeys(path for own in flat for path in own)
        found = {path: [own.get(path) for own in flat] for path in paths}
        return {path: Factor(path, dict(enumerate(_texts(own))), dict(enumerate(own))) for path, own in found.items()}

    def varying(self, among: Collection[int]) -> list[Factor]:
        """Those in which these candidates differ, the variant left out."""
        return [one for one in self.all.values() if one.path != VARIANT and one.varies(among)]

    def leaves(self, among: Collection[int]) -> list[Factor]:
        """The same without those that only differ because something in them does, as `train.optimizer` for its `lr`."""
        found = self.varying(among)
        return [one for one in found if not any(other.path.startswith(f"{one.path}.") for other in found)]

    def names(self, among: Collection[int]) -> list[str]:
        """The last words of those in which these candidates differ, as people may ask for them."""
        return list(dict.fromkeys(one.name for one in self.varying(among) if not one.name.isdigit()))

    def find(self, text: str, among: Collection[int]) -> Factor | None:
        """The setting that a path or its last words name; raises UsageError where they name several that differ.

        Of several the one highest up is meant, as the model's activation rather than a layer's, of those that differ among these
        candidates if any do. Several that are as high up must tell each other's values.
        """
        if text in self.all:
            return self.all[text]
        matches = [one for one in self.all.values() if one.path.endswith(f".{text}")]
        matches = [one for one in matches if one.varies(among)] or matches
        if not matches:
            return None
        first = min(matches, key=lambda one: (one.path.count("."), len(one.path)))
        level = [one for one in matches if one.path.count(".") == first.path.count(".")]
        if others := [one.path for one in level if not one.follows(first, among)]:
            raise UsageError(f"'{text}' may be {first.path} or {' or '.join(others[:4])}; write more of its path")
        return first

    def like(self, pattern: str) -> list[Factor]:
        """Those whose path a pattern with `*` matches."""
        return [one for path, one in self.all.items() if fnmatchcase(path, pattern)]

    def named(self, text: str, among: Collection[int]) -> Factor:
        """The same as `find`, but raises UsageError where there is none."""
        found = self.find(text, among)
        if found is None:
            names = [VARIANT, *self.names(among)]
            there = f"those that differ: {', '.join(names)}"
            raise UsageError(f"no setting is called '{text}'{hint(text, names, there)}")
        return found


def _settings(candidate: Candidate) -> dict[str, Any]:
    """The candidate's settings; of a plan that has none, its choice."""
    return candidate.settings or _nested(candidate.choice)


def _nested(choice: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in choice.items():
        *above, last = path.split(".")
        place = found
        for word in above:
            place = place.setdefault(word, {})
        place[last] = value
    return found


def _flat(settings: Any, path: str = "") -> dict[str, Any]:
    return dict(_leaves(settings, path))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Values by their paths; a part is a value itself, and so is a list."""
    before = f"{path}." if path else ""
    if isinstance(value, dict):
        if "kind" in value:
            yield path, value
        for key, own in value.items():
            if key != "kind":
                yield from _leaves(own, f"{before}{key}")
    elif isinstance(value, list):
        yield path, value
        for place, own in enumerate(value):
            if isinstance(own, dict | list):
                yield from _leaves(own, f"{before}{place}")
    else:
        yield path, value


def _texts(values: Sequence[Any]) -> list[str]:
    """Values as text, the same text for equal values alone."""
    told = [_told(value, values) for value in values]
    exact: dict[str, set[str]] = {}
    for value, text in zip(values, told, strict=True):
        exact.setdefault(text, set()).add(_exact(value))
    return [text if len(exact[text]) == 1 else _exact(value) for value, text in zip(values, told, strict=True)]


def _told(value: Any, values: Sequence[Any]) -> str:
    if isinstance(value, dict):
        return _part(value, [one for one in values if isinstance(one, dict) and one.get("kind") == value.get("kind")])
    if isinstance(value, list):
        return _list(value)
    return "none" if value is None else str(value)


def _part(value: Settings, same: Sequence[Settings]) -> str:
    """`normal`, or `normal(std=0.1)` where parts of this kind differ in `std`."""
    differing = [key for key in value if len({_exact(one.get(key)) for one in same}) > 1]
    told = ", ".join(f"{key}={_list(own) if isinstance(own := value[key], list) else _plain(own)}" for key in differing)
    return f"{value['kind']}({told})" if told else str(value["kind"])


def _plain(value: Any) -> str:
    return str(value.get("kind", value)) if isinstance(value, dict) else str(value)


def _list(value: Sequence[Any]) -> str:
    """Parts in a row, `2 dense, dropout`; of plain values, these."""
    kinds = [_plain(one) for one in value]
    runs: list[tuple[str, int]] = []
    for kind in kinds:
        if runs and runs[-1][0] == kind:
            runs[-1] = (kind, runs[-1][1] + 1)
        else:
            runs.append((kind, 1))
    text = ", ".join(kind if many == 1 else f"{many} {kind}" for kind, many in runs) or "none"
    return text if len(text) <= LONGEST else _exact(value)


def _exact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
