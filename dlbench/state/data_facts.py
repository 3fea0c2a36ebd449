"""The data of a run, from its events: the facts, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlbench.data_facts import DataFacts
from dlbench.plan import Plan
from dlbench.state.event_fields import Event, whole_numbers
from dlbench.words.printable import one_line

if TYPE_CHECKING:
    from pydantic import TypeAdapter


MENTIONED = 3
"""So many variants are named where a note concerns some of them."""


@cache
def _adapter() -> TypeAdapter[DataFacts]:
    from pydantic import TypeAdapter  # a dashboard does not wait for it

    return TypeAdapter(DataFacts)


def facts_of(event: Event) -> DataFacts | None:
    """What a `data` event tells, or `None`."""
    try:
        known = {field.name: _by_newest_names(event[field.name]) for field in fields(DataFacts) if field.name in event}
        return _adapter().validate_python(known)
    except ValueError:
        return None


def _by_newest_names(value: object) -> object:
    """Ranges as runs of 0.1.0 told them, whose `std` was called `deviation`; everything else as it is."""
    if not isinstance(value, Mapping) or "deviation" not in value:
        return value
    return {"std" if name == "deviation" else name: own for name, own in value.items()}


def data_notes(plan: Plan, known: Mapping[tuple[int, ...], DataFacts]) -> list[str]:
    """What is odd about the data that stacks learn from, each thing once."""
    everyone = _variants(plan, range(len(plan.stacks)))
    return notes_about([(_variants(plan, stacks), facts) for stacks, facts in known.items()], everyone)


def notes_about(known: Iterable[tuple[Sequence[str], DataFacts]], everyone: Sequence[str]) -> list[str]:
    """The same where the variants are known that learn from each; they are named where others learn from other data."""
    concerned: dict[str, dict[str, None]] = {}
    for variants, facts in known:
        for note in facts.notes:
            concerned.setdefault(note, {}).update(dict.fromkeys(variants))
    return [one_line(f"data{_whose(list(own), everyone)}: {note}") for note, own in concerned.items()]


def _variants(plan: Plan, stacks: Iterable[int]) -> list[str]:
    return list(dict.fromkeys(plan.trials[trial].variant for stack in stacks for trial in plan.stacks[stack].trials))


def _whose(variants: Sequence[str], everyone: Sequence[str]) -> str:
    """` of a, b and 3 more`, nothing where it is everyone's."""
    if len(variants) == len(everyone):
        return ""
    more = f" and {len(variants) - MENTIONED} more" if len(variants) > MENTIONED else ""
    return f" of {', '.join(variants[:MENTIONED])}{more}"


SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Confusion:
    """The counts of every trial of a stack at a step, by split; `None` for a trial that has none."""

    step: int
    splits: dict[str, list[NDArray[np.int64] | None]]

    def of(self, split: str, position: int) -> NDArray[np.int64] | None:
        """One trial's counts, `[true, predicted]`."""
        rows = self.splits.get(split)
        return None if rows is None else rows[position]


def confusion_of(event: Event, step: int, trials: int) -> Confusion:
    """The counts of a `confusion` event for so many trials; what are no square counts is nothing."""
    told = {split: event.get(split) for split in SPLITS}
    rows = {split: own for split, own in told.items() if isinstance(own, list) and len(own) == trials}
    return Confusion(step, {split: [_square(counts) for counts in own] for split, own in rows.items()})


def _square(value: object) -> NDArray[np.int64] | None:
    counts = whole_numbers(value, 2)
    return counts if counts is not None and counts.shape[0] == counts.shape[1] else None
