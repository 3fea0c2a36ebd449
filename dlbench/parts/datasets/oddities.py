"""What is odd about loaded data, in words: none of it is wrong, all of it changes what numbers mean. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dlbench.data_facts import Ranges
from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import Arrays, Labels, Source
from dlbench.parts.datasets.samples import Numbers

SCALES_APART = 256
"""How much larger one feature's numbers may be than another's: 8-bit pixels cannot differ by more."""

FAR = 1_000
"""The size of targets beyond which a net of usual weights and rates spends its training on the way there."""

LARGEST_SQUARED = float(np.sqrt(np.finfo(np.float32).max))
"""The largest number that float32 can square: 1.8e19."""

ROWS_PER_CLASS = 5
"""Fewer rows a class may be sorted by chance."""

NAMED = 3
"""So many classes are named where something is said of them."""


def oddities(
    settings: Settings,
    source: Source,
    arrays: Arrays,
    counts: Mapping[str, Sequence[int]] | None,
    ranges: Ranges,
    repeated: Mapping[str, int],
) -> Iterator[str]:
    """Every oddity as a sentence; `counts` has the samples per class in `train`, `validation` and `test`, if there are classes."""
    if counts is not None:
        yield from _unlearnable(source.names, counts)
        yield from _lacking(settings, source.names, counts)
        yield from _sorted(settings, arrays)
    else:
        yield from _far_targets(source.targets, arrays.y_train)
    if not source.test_repeats_train:
        yield from _repeated(arrays, repeated)
    if settings.get("normalize") != "standard":
        yield from _scales(source.feature_names, ranges)


def _far_targets(names: Sequence[str], y: Numbers) -> Iterator[str]:
    """Targets as they are learned, `[samples, targets]`, that a net cannot reach, or whose squares are no numbers."""
    sizes = np.abs(y).max(axis=0)
    place = int(sizes.argmax())
    if sizes[place] <= FAR:
        return
    why = (
        "its square is beyond float32, and so is every loss"
        if sizes[place] > LARGEST_SQUARED
        else "a net's outputs begin near 0, and need long to get there"
    )
    remedy = 'normalize_target = "standard" scales it, and errors are told in its own units all the same'
    yield f"the target '{names[place]}' goes up to {sizes[place]:.4g}: {why}; {remedy}"


def _unlearnable(names: Sequence[str], counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Classes that the training set has not and another split has."""
    for split in ("validation", "test"):
        missed = [label for label, count in enumerate(counts[split]) if count and not counts["train"][label]]
        if missed:
            held = sum(counts[split][label] for label in missed)
            yield (
                f"{_classes(names, missed)} no training sample, but {held:,} of {sum(counts[split]):,} {split} samples: "
                f"no net can learn that"
            )


def _lacking(settings: Settings, names: Sequence[str], counts: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Classes that are trained on and not judged."""
    for split in ("validation", "test"):
        missed = [label for label, count in enumerate(counts[split]) if not count and counts["train"][label]]
        if missed and sum(counts[split]):
            is_chosen = split == "validation" and settings.get("validation_split") != "stratified"
            remedy = '; validation_split = "stratified" takes some of each' if is_chosen else ""
            yield f"{_classes(names, missed)} no {split} sample{remedy}"


def _classes(names: Sequence[str], labels: Sequence[int]) -> str:
    """`class 'a' has`, `classes 'a', 'b', 'c' and 4 more have`."""
    told = ", ".join(repr(names[label]) for label in labels[:NAMED])
    more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    return f"class {told} has" if len(labels) == 1 else f"classes {told}{more} have"


def _sorted(settings: Settings, arrays: Arrays) -> Iterator[str]:
    is_end = arrays.y_validation is not None and settings.get("validation_split", "end") == "end"
    labels = np.concatenate([arrays.y_train, arrays.y_validation]) if is_end else arrays.y_train
    if not _is_grouped(labels):
        return
    if is_end:
        yield (
            'the training rows are sorted by class, and validation_split = "end" takes the last ones; "stratified" takes '
            "some of each class"
        )
    else:
        yield 'the training rows are sorted by class: batches are shuffled, but validation_split = "end" would take whole classes'


def _is_grouped(labels: Labels) -> bool:
    """Whether each class stands in one piece, with enough rows that this is no chance."""
    classes = len(np.unique(labels))
    changes = np.count_nonzero(np.diff(labels))
    return classes > 1 and len(labels) >= ROWS_PER_CLASS * classes and changes == classes - 1


def _repeated(arrays: Arrays, repeated: Mapping[str, int]) -> Iterator[str]:
    """Samples that are judged and were trained on."""
    for name, x in (("validation", arrays.x_validation), ("test", arrays.x_test)):
        if x is not None and repeated[name]:
            yield f"{repeated[name]:,} of {len(x):,} {name} samples equal a training sample in every feature"


def _scales(names: Sequence[str], ranges: Ranges) -> Iterator[str]:
    told = {place: size for place, size in enumerate(ranges.magnitudes) if size}
    if not told:
        return
    largest, smallest = max(told, key=told.__getitem__), min(told, key=told.__getitem__)
    if told[largest] > SCALES_APART * told[smallest]:
        ends = [
            f"{ranges.of} {repr(names[place]) if names else place} goes up to {told[place]:.4g}"
            for place in (largest, smallest)
        ]
        yield f'{ranges.of}s are on very different scales: {", ".join(ends)}; normalize = "standard" puts them all on one'
