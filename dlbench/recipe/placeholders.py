"""Places in a recipe's texts that its run fills in: `{steps}`, `{epochs}` and `{seeds}`, as `--quick` and `--set` change them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dlbench.plan.questions import Texts
from dlbench.recipe.claims import no_variant
from dlbench.recipe.messages import nearest
from dlbench.words.number_format import number

NAMES = ("steps", "epochs", "seeds")
"""What a place may ask for; of the first variant, in a claim of its own, else of the one behind ` of `."""

PLACE = re.compile(r"\{(?P<twice>\{)?(?P<name>[A-Za-z_]+)(?: of (?P<variant>[^{}]+))?\}(?(twice)\})")
"""`{steps}`, or `{steps of relu}`; with two braces each it is the text with one. Other braces are nothing but braces."""


@dataclass(frozen=True)
class TrainingLength:
    """How long a variant trains; `None` where that is not known."""

    steps: int | None
    epochs: float | None


@dataclass(frozen=True)
class RunCounts:
    """What a run says of itself in a recipe's texts."""

    seeds: int
    lengths: Mapping[str, TrainingLength]
    """By variant, in their order."""

    def value(self, name: str, variant: str) -> str | None:
        """What is put into a place."""
        found = self.seeds if name == "seeds" else getattr(self.lengths.get(variant), name, None)
        return None if found is None else f"{found:,}" if isinstance(found, int) else number(found)


def filled(text: Texts | None, counts: RunCounts, variant: str | None = None) -> Texts | None:
    """The text, or texts, with what is known put into its places; `variant` is meant where none is named, else the first."""
    own = variant or next(iter(counts.lengths), "")
    if isinstance(text, dict):
        return {language: _filled(one, counts, own) for language, one in text.items()}
    return None if text is None else _filled(text, counts, own)


def _filled(text: str, counts: RunCounts, variant: str) -> str:
    return PLACE.sub(partial(_put, counts, variant), text)


def _put(counts: RunCounts, variant: str, match: re.Match[str]) -> str:
    if match["twice"]:
        return match[0][1:-1]
    return counts.value(match["name"], match["variant"] or variant) or match[0]


def without_places(text: str) -> str:
    """A text that says the same in a recipe, with what looks like a place in braces that mean braces."""
    return PLACE.sub(lambda match: f"{{{match[0]}}}", text)


def place_mistakes(text: Texts | None, variants: Sequence[str]) -> Iterator[str]:
    """What is wrong with the places of a text, of all its languages once."""
    texts = text.values() if isinstance(text, dict) else [text or ""]
    for match in (match for one in texts for match in PLACE.finditer(one)):
        name, variant = match["name"], match["variant"]
        if match["twice"]:
            continue
        if name not in NAMES:
            close = nearest(name, NAMES, "there are")
            yield f"no place in a text is called '{name}' (braces themselves are doubled: '{{{match[0]}}}'){close}"
        elif variant is not None and variant not in variants:
            yield f"'{match[0]}': {no_variant(variant, variants)}"


def counts_written(recipe: Mapping[str, Any]) -> RunCounts:
    """What a recipe that is not checked says of its run outright."""
    seeds, train = recipe.get("trials", {}).get("seeds", []), recipe.get("train", {})
    patches = {name: patch.get("train", {}) for name, patch in recipe.get("variants", {}).items()} or {"": {}}
    merged = {name: {**train, **patch} for name, patch in patches.items()}
    lengths = {name: TrainingLength(one.get("steps"), one.get("epochs")) for name, one in merged.items()}
    return RunCounts(seeds if isinstance(seeds, int) else len(seeds), lengths)
