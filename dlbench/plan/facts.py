"""What is known of the data that trials learn from: before it is loaded, and of the arrays themselves. Imports no torch."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from dlbench.data_facts import SPLITS, DataFacts
from dlbench.parts.arguments import Settings
from dlbench.parts.datasets.base import Arrays, Labels, Source
from dlbench.parts.datasets.oddities import oddities
from dlbench.parts.datasets.ranges import RunningRanges, ranges_of
from dlbench.parts.datasets.repeats import Digests, digests_of, repeats
from dlbench.parts.datasets.samples import Samples, chunks


def described(settings: Settings, source: Source) -> DataFacts:
    """What `describe(settings)` knows."""
    per_class = (source.train_per_class, source.validation_per_class, source.test_per_class)
    return DataFacts(
        dataset=settings["kind"],
        shape=source.shape,
        class_names=source.names,
        samples=dict(zip(SPLITS, (source.train, source.validation, source.test), strict=True)),
        class_counts=dict(zip(SPLITS, per_class, strict=True)),
        all_counts=source.per_class,
        left_out=source.left_out,
        notes=source.notes,
        test_repeats_train=source.test_repeats_train,
        target_names=source.targets,
    )


def measured(settings: Settings, source: Source, arrays: Arrays) -> DataFacts:
    """The same of its arrays, with what only they tell."""
    labels = (arrays.y_train, arrays.y_validation, arrays.y_test)
    samples = (arrays.x_train, arrays.x_validation, arrays.x_test)
    ranges = RunningRanges(arrays.x_train.shape)
    hashes: dict[str, str | None] = {}
    digests: dict[str, Digests | None] = {}
    for name, x, y in zip(SPLITS, samples, labels, strict=True):
        hashes[name], digests[name] = (
            (None, None) if x is None or y is None else _looked_at(x, y, ranges if name == "train" else None)
        )
    repeated = repeats(digests)
    found = replace(
        described(settings, source),
        samples={name: 0 if y is None else len(y) for name, y in zip(SPLITS, labels, strict=True)},
        sha256=hashes,
        ranges=ranges.ranges,
        repeated=repeated,
    )
    if source.targets:
        notes = (*source.notes, *arrays.notes, *oddities(settings, source, arrays, None, ranges.ranges, repeated))
        return replace(found, notes=notes, target_ranges=ranges_of(arrays.own_units(arrays.y_train)))
    counts = {name: _counts(y, source.classes) for name, y in zip(SPLITS, labels, strict=True)}
    different = SPLITS[:2] if source.test_repeats_train else SPLITS
    return replace(
        found,
        class_counts=counts,
        all_counts=tuple(map(sum, zip(*(counts[name] for name in different), strict=True))),
        notes=(*source.notes, *arrays.notes, *oddities(settings, source, arrays, counts, ranges.ranges, repeated)),
    )


def _counts(labels: Labels | None, classes: int) -> tuple[int, ...]:
    if labels is None:
        return (0,) * classes
    return tuple(np.bincount(labels, minlength=classes).tolist())


def _looked_at(x: Samples, y: Labels, ranges: RunningRanges | None) -> tuple[str, Digests]:
    """What is known of a split's samples when all have been gone through once: the hash, a digest each; `ranges` sees them too."""
    digest, rows = hashlib.sha256(), []
    for chunk in chunks(x):
        digest.update(np.ascontiguousarray(chunk).reshape(-1).data)
        rows.append(digests_of(chunk))
        if ranges is not None:
            ranges.add(chunk)
    digest.update(np.ascontiguousarray(y).data)
    return digest.hexdigest(), np.concatenate(rows)
