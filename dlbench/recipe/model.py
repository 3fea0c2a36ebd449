"""A loaded recipe."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tomli_w

from dlbench.plan import Candidate
from dlbench.plan.questions import Questions


@dataclass(frozen=True)
class Recipe:
    """A recipe that can run: everything is checked, every default is filled in.

    `variants` are names in order, `candidates` their settings in the same order; `breakpoints` are conditions as
    `dlbench.plan.breakpoints` reads them; `document` is the recipe as it was written, with the command line's changes;
    `notes` say which of these changes do not reach every variant, and what runs and is hardly meant.
    """

    name: str
    path: Path
    variants: list[str]
    candidates: list[Candidate]
    seeds: list[int]
    questions: Questions
    breakpoints: list[str]
    document: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def with_seeds(self, seeds: list[int]) -> Recipe:
        """The same with other seeds."""
        trials = {**self.document.get("trials", {}), "seeds": seeds}
        return replace(self, seeds=seeds, document={**self.document, "trials": trials})

    def to_toml(self) -> str:
        """The document as TOML, which loads as the same recipe from any folder."""
        return tomli_w.dumps(self.document, multiline_strings=True)
