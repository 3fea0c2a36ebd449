"""The data of a run: as its events tell it, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

from dlbench.plan import Plan
from dlbench.plan.facts import DataFacts
from dlbench.printable import one_line
from dlbench.report.fields import Event

if TYPE_CHECKING:
    from pydantic import TypeAdapter

NAMED = 6
"""So many classes are named one by one; of more the first ones and the last."""

LONGEST_NAME = 24

MENTIONED = 3
"""So many variants are named where a note concerns some of them."""


@cache
def _adapter() -> TypeAdapter[DataFacts]:
    from pydantic import TypeAdapter  # a dashboard does not wait for it

    return TypeAdapter(DataFacts)


def facts_of(event: Event) -> DataFacts | None:
    """What a `data` event tells, or `None`."""
    try:
        known = {field.name: event[field.name] for field in fields(DataFacts) if field.name in event}
        return _adapter().validate_python(known)
    except ValueError:
        return None


def data_line(facts: DataFacts) -> str:
    """`digits, 1,797 samples of 1 x 8 x 8; 10 classes (...), the largest 10.2 %; 1,238 to train, 200 ..., 359 to test`."""
    total = sum(facts.samples.values()) - (facts.samples["test"] if facts.test_repeats_train else 0)
    return one_line(f"{facts.dataset}, {total:,} samples of {_shape(facts.shape)}; {_classes(facts)}; {_splits(facts)}")


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


def _shape(shape: Sequence[int]) -> str:
    if len(shape) == 1:
        return f"{shape[0]:,} feature{'' if shape[0] == 1 else 's'}"
    return " x ".join(map(str, shape))


def _classes(facts: DataFacts) -> str:
    """How many, their names and counts, and the share of the largest, as far as is known."""
    counts = facts.all_counts
    names = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..." for name in facts.class_names]
    each = names if counts is None else [f"{name}: {count:,}" for name, count in zip(names, counts, strict=True)]
    listed = each if len(each) <= NAMED else [*each[: NAMED // 2], "...", each[-1]]
    told = f"{len(names)} classes ({', '.join(listed)})"
    return told if counts is None else f"{told}, the largest {100 * max(counts) / sum(counts):.4g} %"


def _splits(facts: DataFacts) -> str:
    parts = [f"{facts.samples['train']:,} to train"]
    if facts.left_out:
        parts.append(f"{facts.left_out:,} left out by the limit")
    if facts.samples["validation"]:
        parts.append(f"{facts.samples['validation']:,} for validation")
    same = ", of the same samples" if facts.test_repeats_train else ""
    return ", ".join([*parts, f"{facts.samples['test']:,} to test{same}"])
