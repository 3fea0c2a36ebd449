"""The data of a run in words."""

from __future__ import annotations

from collections.abc import Sequence

from dlbench.data_facts import DataFacts
from dlbench.words.printable import one_line

NAMED = 6
"""So many classes are named one by one; of more the first ones and the last."""

LONGEST_NAME = 24


def data_line(facts: DataFacts) -> str:
    """`digits, 1,797 samples of 1 x 8 x 8; 10 classes (...), the largest 10.2 %; 1,238 to train, 200 ..., 359 to test`."""
    total = sum(facts.samples.values()) - (facts.samples["test"] if facts.test_repeats_train else 0)
    return one_line(f"{facts.dataset}, {total:,} samples of {_shape(facts.shape)}; {_learned(facts)}; {_splits(facts)}")


def _shape(shape: Sequence[int]) -> str:
    if len(shape) == 1:
        return f"{shape[0]:,} feature{'' if shape[0] == 1 else 's'}"
    return " x ".join(map(str, shape))


def _learned(facts: DataFacts) -> str:
    """The classes, or the numbers to be learned: their names, and between what those of the training samples lie."""
    if not facts.target_names:
        return _classes(facts)
    names = [_short(name) for name in facts.target_names]
    word = "target" if len(names) == 1 else "targets"
    ranges = facts.target_ranges
    if ranges is None or len(ranges.minimum) != len(names):
        return f"{word} {', '.join(names[:NAMED])}"
    numbers = zip(names, ranges.minimum, ranges.maximum, ranges.mean, ranges.std, strict=True)
    told = [
        f"{name} from {low:g} to {high:g} (mean {mean:.4g}, std {own:.4g})" for name, low, high, mean, own in numbers
    ]
    return f"{word} {', '.join(told[:NAMED])}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def _classes(facts: DataFacts) -> str:
    """How many, their names and counts, and the share of the largest, as far as is known."""
    counts = facts.all_counts
    names = [_short(name) for name in facts.class_names]
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
