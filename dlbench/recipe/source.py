"""From a file, or the words of a command line, to plain data with its origins."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlbench.errors import Problem, RecipeError, UsageError, shortened
from dlbench.files import read_file
from dlbench.recipe.limits import FILE_BYTES, NESTING, TRIALS, beyond, depth
from dlbench.recipe.patch import Origin, Tree
from dlbench.recipe.source_map import KeyPath, split

LONGEST_PATH = 2_000
"""Characters of a path beyond which it leads deeper than any recipe is."""

_POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")
_SEED = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


def read(path: Path) -> str:
    """The text of a recipe's file; raises `UsageError` where it cannot be read, `RecipeError` where it is no text."""
    try:
        size = path.stat().st_size
        if too_large := beyond(size, FILE_BYTES, "bytes"):
            raise RecipeError([Problem(str(path), None, "", f"a recipe this large {too_large}")])
        return read_file(path, FILE_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError([Problem(str(path), None, "", f"is not UTF-8 text (byte {error.start})")]) from error


def parse(text: str, file: str) -> dict[str, Any]:
    """TOML as plain data; raises `RecipeError` with the line of a mistake in the syntax."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError([_syntax_problem(str(error), text, file)]) from error
    except (RecursionError, ValueError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RecipeError([Problem(file, None, "", f"is not valid TOML: {what}")]) from error
    if (levels := depth(data)) > NESTING:
        what = f"has tables and lists {levels} deep; the limit is {NESTING}"
        raise RecipeError([Problem(file, None, "", what)])
    return data


def _syntax_problem(message: str, text: str, file: str) -> Problem:
    position = _POSITION.search(message)
    line = int(position[1]) if position else text.count("\n") + 1
    what = message[: position.start()] if position else message.removesuffix(" (at end of document)")
    where = f" (column {position[2]})" if position else " (at the end)"
    return Problem(file, line, "", f"is not valid TOML: {what[:1].lower()}{what[1:]}{where}")


def assignment(text: str) -> Tree:
    """`model.layers.0.units=64` as a patch; the value is TOML, or else a text. Raises `UsageError`."""
    key, equals, value = _cut(text)
    option = f"--set {shortened(text)}"
    if not equals:
        raise UsageError(f"{option}: takes path=value, such as model.layers.0.units=64")
    try:
        data = nest(split(key), _value(value)) if len(key) <= LONGEST_PATH else None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{option}: {key.strip()!r} is not a path such as model.layers.0.units") from error
    except RecursionError:
        data = None
    if data is None or depth(data) > NESTING:
        raise UsageError(f"{option}: is nested too deeply; the limit is {NESTING} tables and lists")
    return Tree(data, {(): Origin((), option)})


def _cut(text: str) -> tuple[str, str, str]:
    """Part at the first equals sign that stands outside of quotes."""
    match = re.match(r'((?:"(?:\\.|[^"\\])*"|\'[^\']*\'|[^"\'=])*)(=)(.*)', text, re.DOTALL)
    return (match[1], match[2], match[3]) if match else (text, "", "")


def _value(text: str) -> Any:
    try:
        data = tomllib.loads(f"value = {text}")
    except ValueError:
        return text
    return data["value"] if len(data) == 1 else text


def seeds(text: str) -> Tree:
    """`5` (so many), `0,3,7` or `0-9` as a patch on `[trials]`; raises `UsageError`."""
    chosen: int | list[int] = int(text) if _SEED.fullmatch(text) else _seed_list(text)
    return Tree({"trials": {"seeds": chosen}}, {(): Origin((), f"--seeds {shortened(text)}")})


def _seed_list(text: str) -> list[int]:
    chosen: list[int] = []
    for item in text.split(","):
        span = _RANGE.fullmatch(item.strip())
        first, last = (int(span[1]), int(span[2])) if span else (_seed(item, text), _seed(item, text))
        if last < first:
            raise UsageError(f"--seeds {shortened(text)}: {item.strip()!r} runs backwards")
        if too_many := beyond(len(chosen) + last - first + 1, TRIALS, "seeds"):
            raise UsageError(f"--seeds {shortened(text)}: {too_many}")
        chosen.extend(range(first, last + 1))
    return chosen


def _seed(item: str, text: str) -> int:
    if not _SEED.fullmatch(item.strip()):
        raise UsageError(f'--seeds {text}: takes a count ("5"), a list ("0,3,7") or a range ("0-9")')
    return int(item)


def nest(path: KeyPath, value: Any) -> Any:
    """`{"model": {"init": value}}` for the path `("model", "init")`."""
    for key in reversed(path):
        value = {key: value}
    return value


def patches(overrides: Sequence[str], chosen_seeds: str | None) -> list[Tree]:
    """What the command line changes, in the order in which it is laid over the recipe."""
    return [*map(assignment, overrides), *([seeds(chosen_seeds)] if chosen_seeds is not None else [])]
