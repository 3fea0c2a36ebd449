"""Which TOML files are recipes: told by what stands in them, since other tools have TOML files too."""

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

SCHEMA = re.compile(r"#:schema\s+\S*\brecipe\.schema\.json\s")
TOP = re.compile(r"^(?:\[\[?\s*)?(data|model|train|claims)\b\s*[\].=]", re.MULTILINE)
"""A section's name at the beginning of a line, in a file that is no valid TOML."""


def is_recipe(path: Path) -> bool:
    """Whether a file means to be a recipe, right or wrong.

    It is one if its first line names `recipe.schema.json`, or if it has `data`, `model` with a list of `layers`, and `train`,
    or claims that say something. The copy that lies with a run, or with what came of it, is not: it would be that run again.
    """
    if any((path.parent / name).exists() for name in OF_A_RUN):
        return False
    try:
        text = read_file(path, MOST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    if SCHEMA.match(text):
        return True
    try:
        return _looks_like_one(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return {"data", "model", "train"} <= set(TOP.findall(text)) and "layers" in text


def _looks_like_one(data: dict[str, Any]) -> bool:
    model, claims = data.get("model"), data.get("claims")
    has_net = isinstance(model, dict) and isinstance(model.get("layers"), list)
    has_claims = isinstance(claims, list) and any(isinstance(claim, dict) and "says" in claim for claim in claims)
    return (has_net and {"data", "train"} <= data.keys()) or has_claims
