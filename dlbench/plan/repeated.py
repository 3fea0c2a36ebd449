"""The trials of somebody's own command: every combination of values with every seed, each a command line of its own."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TypeAlias

import orjson

from dlbench.errors import UsageError, hint, shortened
from dlbench.plan.recorded import BASE

PLACE = re.compile(r"\{(?P<twice>\{)?(?P<name>[A-Za-z_][\w.-]*)\}(?(twice)\})")
"""`{lr}`; with two braces each it is the text with one. Other braces are nothing but braces."""

SEED, VARIANT = "seed", "variant"

Value: TypeAlias = str | int | float | bool


@dataclass(frozen=True)
class RepeatedTrial:
    """One process to be: its place in the group, and the words of its command line."""

    id: str
    """The same for the same command, variant, values and seed, and for no others."""
    variant: str
    seed: int
    settings: Mapping[str, Value]
    """The values by the names that were set; numbers are numbers."""
    words: tuple[str, ...]

    @property
    def label(self) -> str:
        """The trial as people name it: `lr=0.1, seed 3`."""
        return f"{self.variant}, seed {self.seed}"


def value_lists(options: Sequence[str]) -> dict[str, list[str]]:
    """`lr=0.1,0.01` of each option as its values by their name; a value in double quotes may hold commas. Raises UsageError."""
    found: dict[str, list[str]] = {}
    for option in options:
        told, (name, equals, listing) = f"--set {shortened(option)}", option.partition("=")
        if not equals or not PLACE.fullmatch(f"{{{name}}}"):
            raise UsageError(f"{told}: takes a name and its values, such as lr=0.1,0.01")
        if name in {SEED, VARIANT}:
            raise UsageError(f"{told}: '{name}' is taken; {'--seeds' if name == SEED else '--variant'} says what it is")
        if name in found:
            raise UsageError(f"{told}: '{name}' is set twice; write all its values in one list, such as lr=0.1,0.01")
        values = _listed(listing)
        if not values or "" in values:
            raise UsageError(f"{told}: has an empty value, or one with a line feed")
        if torn := [value for value in values if value.startswith("'") != value.endswith("'")]:
            raise UsageError(
                f"{told}: {shortened(torn[0])} has half a pair of quotes; double ones keep commas, as in x='\"a,b\",c'"
            )
        if twice := [value for value, times in Counter(values).items() if times > 1]:
            raise UsageError(f"{told}: has {twice[0]} twice")
        found[name] = values
    return found


def _listed(text: str) -> list[str]:
    try:
        return next(csv.reader([text], skipinitialspace=True))
    except csv.Error:
        return []


def repeated_trials(
    command: Sequence[str], values: Mapping[str, Sequence[str]], seeds: Iterable[int], variant: str | None = None
) -> list[RepeatedTrial]:
    """The trials of a command, the first seed of all variants before the second.

    `variant` names each combination by a text with places; without it that is `lr=0.1, width=64`. Raises UsageError where a place
    is none of these values, `{seed}` or `{variant}`, where a value would change nothing, and where two variants have one name.
    """
    if variant is not None and not variant.strip():
        raise UsageError("--variant: is empty; say what the variants are called, or leave it out")
    _check(command, values, variant)
    combinations = [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]
    named = {_name(variant, chosen): chosen for chosen in combinations}
    if len(named) < len(combinations):
        raise UsageError(
            f"--variant {shortened(variant or '')}: names several variants alike; give it a place for each --set"
        )
    return [_trial(command, name, seed, chosen) for seed in dict.fromkeys(seeds) for name, chosen in named.items()]


def has_place(command: Iterable[str], name: str) -> bool:
    """Whether a command has a place of this name."""
    return any(match["name"] == name and not match["twice"] for word in command for match in PLACE.finditer(word))


def _check(command: Sequence[str], values: Mapping[str, Sequence[str]], variant: str | None) -> None:
    _refuse_unknown(command, [*values, SEED, VARIANT], "the command")
    _refuse_unknown([variant or ""], list(values), f"--variant {shortened(variant or '')}")
    unused = [name for name in values if not has_place(command, name)]
    if unused and not has_place(command, VARIANT):
        raise UsageError(
            f"--set {unused[0]}=...: the command has no {{{unused[0]}}}, so that these values would change nothing"
        )


def _refuse_unknown(texts: Iterable[str], known: Sequence[str], where: str) -> None:
    for match in (match for text in texts for match in PLACE.finditer(text)):
        name = match["name"]
        if not match["twice"] and name not in known:
            there = "there are " + ", ".join(f"{{{one}}}" for one in known) if known else "no values are --set"
            raise UsageError(
                f"{where}: nothing is called '{{{name}}}' (braces themselves are doubled: '{{{{{name}}}}}')"
                f"{hint(name, known, there)}"
            )


def _name(pattern: str | None, chosen: Mapping[str, str]) -> str:
    if pattern is None:
        return ", ".join(f"{name}={value}" for name, value in chosen.items()) or BASE
    return _filled(pattern, chosen)


def _trial(command: Sequence[str], variant: str, seed: int, chosen: Mapping[str, str]) -> RepeatedTrial:
    identity = orjson.dumps(
        [[word.encode(errors="backslashreplace").decode() for word in command], variant, chosen, seed]
    )
    places = {**chosen, SEED: str(seed), VARIANT: variant}
    words = tuple(_filled(word, places) for word in command)
    settings = {name: _typed(value) for name, value in chosen.items()}
    return RepeatedTrial(hashlib.sha256(identity).hexdigest()[:16], variant, seed, settings, words)


def _filled(text: str, places: Mapping[str, str]) -> str:
    return PLACE.sub(partial(_put, places), text)


def _put(places: Mapping[str, str], match: re.Match[str]) -> str:
    return match[0][1:-1] if match["twice"] else places[match["name"]]


def _typed(text: str) -> Value:
    """A number or a truth value where the text is one, else the text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, bool | int | float) else text
