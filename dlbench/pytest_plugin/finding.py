"""Which TOML files are recipes, and which ask of recordings: told by what stands in them, since other tools have such files too."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from dlbench.files import read_file

MOST_BYTES = 200_000
"""No recipe is larger; what is larger is not even read."""

OF_A_RUN = ("plan.json", "report.json")
"""Files beside which a recipe is a copy."""

OF_QUESTIONS = {"lesson", "compare", "claims", "recordings"}
"""What a file has that asks of recordings."""

SCHEMA = re.compile(r"#:schema\s+\S*\brecipe\.schema\.json\s")
TOP = re.compile(r"^(?:\[\[?\s*)?(data|model|train|claims)\b\s*[\].=]", re.MULTILINE)
"""A section's name at the beginning of a line, in a file that is no valid TOML."""


def is_recipe(path: Path) -> bool:
    """Whether a file means to be a recipe, right or wrong.

    It is one if its first line names `recipe.schema.json`, or if it has `data`, `model` with a list of `layers`, and `train`,
    or claims that say something. The copy that lies with a run, or with what came of it, is not: it would be that run again.
    """
    text = _text(path)
    if text is None:
        return False
    if SCHEMA.match(text):
        return True
    try:
        return _looks_like_one(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return {"data", "model", "train"} <= set(TOP.findall(text)) and "layers" in text


def is_questions(path: Path, *, is_named: bool = False) -> bool:
    """Whether a file asks of recordings: it has sections of questions alone, and names the recordings, or claims something.

    One that is named need do neither.
    """
    text = _text(path)
    if text is None or SCHEMA.match(text):
        return False
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return False
    if not data or not data.keys() <= OF_QUESTIONS:
        return False
    return is_named or "recordings" in data or _looks_like_one(data)


def _text(path: Path) -> str | None:
    """The text of a file that may be one of ours, and no copy."""
    if any((path.parent / name).exists() for name in OF_A_RUN):
        return None
    try:
        return read_file(path, MOST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _looks_like_one(data: dict[str, Any]) -> bool:
    model, claims = data.get("model"), data.get("claims")
    has_net = isinstance(model, dict) and isinstance(model.get("layers"), list)
    has_claims = isinstance(claims, list) and any(isinstance(claim, dict) and "says" in claim for claim in claims)
    return (has_net and {"data", "train"} <= data.keys()) or has_claims
