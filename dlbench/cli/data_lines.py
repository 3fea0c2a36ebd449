"""What data a recipe or a plan learns from, in lines and as JSON data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from dlbench.data_facts import DataFacts
from dlbench.display.words import shortened
from dlbench.parts.datasets import describe
from dlbench.plan.facts import described, measured
from dlbench.state.data_facts import notes_about
from dlbench.text.data import data_line

if TYPE_CHECKING:
    from dlbench.plan import Candidate

MOST_LINES = 4
"""A sweep over limits has a line a limit; so many are shown."""

QUICK = 1 << 22
"""Numbers that are loaded in a second: the digits have 115,008, MNIST has 54,880,000."""


@dataclass(frozen=True)
class Learned:
    """What some variants learn from, and the settings that say so."""

    variants: list[str]
    settings: dict[str, Any]
    facts: DataFacts


def learned(candidates: Sequence[Candidate]) -> list[Learned]:
    """Each data that candidates learn from, in their order; raises what `describe` raises."""
    found: list[Learned] = []
    for candidate in candidates:
        settings = candidate.settings["data"]
        same = next((one for one in found if one.settings == settings), None)
        if same is None:
            found.append(Learned([candidate.variant], settings, described(settings, describe(settings))))
        elif candidate.variant not in same.variants:
            same.variants.append(candidate.variant)
    return found


def data_lines(candidates: Sequence[Candidate]) -> list[str]:
    """A line each data; where there are several, with the variants that learn from it."""
    found = learned(candidates)
    lines = [
        f"data{f' of {shortened(one.variants)}' if len(found) > 1 else ''}: {data_line(one.facts)}"
        for one in found[:MOST_LINES]
    ]
    return [*lines, *([f"data: {len(found) - MOST_LINES} more"] if len(found) > MOST_LINES else [])]


def as_data(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """The same as plain JSON data."""
    return [{"variants": one.variants, **asdict(one.facts)} for one in learned(candidates)]


def odd_data(candidates: Sequence[Candidate]) -> list[str]:
    """What is odd about it; looked for in the arrays themselves where they are small and here."""
    everyone = list(dict.fromkeys(candidate.variant for candidate in candidates))
    return notes_about([(one.variants, _looked_at(one)) for one in learned(candidates)], everyone)


def _looked_at(one: Learned) -> DataFacts:
    source = describe(one.settings)
    if sum(one.facts.samples.values()) * prod(source.shape) > QUICK or source.missing():
        return one.facts
    return measured(one.settings, source, source.load())
