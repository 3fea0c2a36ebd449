"""`dlbench list`: the shipped recipes, how long they take, and whether the data that they need is here."""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlbench.cli.options import Json, Lang
from dlbench.cli.output import columns, emit, emit_json, say
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from pathlib import Path

    from dlbench.data import DataStatus
    from dlbench.recipe.durations import Duration

NARROW = 110
"""Columns of a terminal below which the lecture's sections give way to the titles."""

READY = "ready"
UNKNOWN = "?"
"""How long a recipe takes that nobody has measured."""


@dataclass(frozen=True)
class RecipeListing:
    """A recipe as it is listed; `duration` and `data` have what the whole recipe and its `quick` version take."""

    name: str
    path: str
    section: str
    title: str
    question: str
    duration: dict[str, Duration]
    data: dict[str, list[DataStatus]]


def list_recipes(*, lang: Lang = None, json: Json = False) -> None:
    """List the recipes that come with dlbench: section, name, how long it takes on two cores, its data, title."""
    from dlbench.recipe import shipped_recipes
    from dlbench.recipe.durations import durations

    # Data for programs go by no locale.
    language = (lang or "en") if json else readers_language(lang)
    known = durations()
    found = [listing(path, language, known.get(path.stem, {})) for path in shipped_recipes()]
    found.sort(key=lambda one: (one.section, one.name))
    if json:
        emit_json(found)
        return
    rows = [("section", "recipe", "full", "--quick", "data", "title"), *map(row, found)]
    is_narrow = sys.stdout.isatty() and shutil.get_terminal_size().columns < NARROW
    emit(columns([one[1:] for one in rows] if is_narrow else rows))
    say("\ntimes: two CPU cores, ~ estimated; --quick needs no data but what comes with dlbench")
    for name, recipes in absent(found).items():
        whose = recipes[0] if len(recipes) == 1 else f"{len(recipes)} recipes"
        say(f"{name}, the data of {whose}, is not on this machine: dlbench data fetch {name}")


def listing(path: Path, language: str, duration: dict[str, Duration]) -> RecipeListing:
    """What a list of recipes says of one, from its text alone."""
    from dlbench.data import status
    from dlbench.plan.questions import said
    from dlbench.recipe.placeholders import counts_written, filled

    recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    lesson, counts = recipe.get("lesson", {}), counts_written(recipe)
    texts = {key: said(filled(lesson.get(key), counts), language) for key in ("section", "title", "question")}
    kinds = {"full": list(dict.fromkeys(kinds_in(recipe))), "quick": list(dict.fromkeys(quick_kinds_in(recipe)))}
    data = {version: list(map(status, names)) for version, names in kinds.items()}
    return RecipeListing(path.stem, str(path), **texts, duration=duration, data=data)


def kinds_in(recipe: dict[str, Any]) -> Iterator[str]:
    """The datasets that a recipe's base and variants name."""
    for section in (recipe, *recipe.get("variants", {}).values()):
        if kind := section.get("data", {}).get("kind"):
            yield kind


def quick_kinds_in(recipe: dict[str, Any]) -> Iterator[str]:
    """Those of its quick version, which may replace the base's."""
    quick = recipe.get("quick", {})
    base = {**recipe, "data": {**recipe["data"], **quick.get("data", {})}}
    yield from kinds_in(base)
    yield from kinds_in({"variants": quick.get("variants", {})})


def row(one: RecipeListing) -> tuple[str, ...]:
    """A recipe as a row of the table."""
    times = [str(one.duration.get(version, UNKNOWN)) for version in ("full", "quick")]
    data = ", ".join(data.name if data.state == READY else f"{data.name} ({data.state})" for data in one.data["full"])
    return one.section, one.name, *times, data, one.title


def absent(found: list[RecipeListing]) -> dict[str, list[str]]:
    """The datasets that are not here but can be fetched, with the recipes that need them."""
    result: dict[str, list[str]] = {}
    for one in found:
        for data in one.data["full"]:
            if data.kind == "download" and data.state != READY:
                result.setdefault(data.name, []).append(one.name)
    return result
