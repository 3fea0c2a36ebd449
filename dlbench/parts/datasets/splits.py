"""Choosing samples by class: the one place that ranks, splits and balances. Imports no torch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.base import Labels

ValidationSplit: TypeAlias = Literal["stratified", "random", "end"]
"""Which samples are split off: at random in proportion to the classes, at random, the last ones."""

Positions: TypeAlias = NDArray[np.intp] | slice


def ranks(labels: Labels) -> NDArray[np.intp]:
    """How many samples of the same class come before each sample: `[2, 0, 2, 2]` gives `[0, 0, 1, 2]`."""
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    rank = np.empty(len(labels), dtype=np.intp)
    rank[order] = np.arange(len(labels)) - np.searchsorted(ordered, ordered)
    return rank


def balanced(labels: Labels, count: int) -> NDArray[np.intp]:
    """`count` samples, class-balanced: the first of each class, then the second of each, ...; positions in ascending order.

    A class that runs out leaves its turn to the others, so that `count == len(labels)` is everything.
    """
    return np.sort(np.lexsort((labels, ranks(labels)))[:count])


def balanced_counts(per_class: Sequence[int], count: int) -> tuple[int, ...]:
    """How many samples of each class `balanced` takes where there are so many of each."""
    full = bisect_right(range(max(per_class) + 1), count, key=lambda turn: sum(min(one, turn) for one in per_class)) - 1
    taken = [min(one, full) for one in per_class]
    going_on = [label for label, one in enumerate(per_class) if one > full]
    for label in going_on[: count - sum(taken)]:
        taken[label] += 1
    return tuple(taken)


def counts_for_test(per_class: Sequence[int], share: float) -> list[int]:
    """How many samples of each class the test set gets: the rounded share, but never a class's last sample."""
    return [min(int(count * share + 0.5), count - 1) for count in per_class]


def proportional(per_class: Sequence[int], count: int) -> list[int]:
    """`count` shared out in proportion to the classes: the rounded-down shares, what is left going to the largest remainders.

    Equal remainders go to the first class. No class gives its last sample as long as another one has some to spare.
    """
    total = sum(per_class)
    shares = [divmod(count * one, total) for one in per_class]
    taken = [whole for whole, _ in shares]
    in_turn = sorted(range(len(per_class)), key=lambda label: -shares[label][1])
    for spare in (1, 0):
        for label in in_turn:
            if sum(taken) < count and taken[label] + spare < per_class[label]:
                taken[label] += 1
    return taken


def stratified(
    labels: Labels, for_test: Sequence[int], random: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of training and test samples, both shuffled, with `for_test[label]` test samples of each label."""
    order = random.permutation(len(labels))
    in_test = ranks(labels[order]) < np.asarray(for_test)[labels[order]]
    return order[~in_test], order[in_test]


def split_off(
    how: ValidationSplit, labels: Labels, count: int, random: np.random.Generator
) -> tuple[Positions, Positions]:
    """Positions of the samples that stay and of the `count` that are split off, both in their old order."""
    stay = len(labels) - count
    if how == "end" or not count:
        return slice(stay), slice(stay, None)
    if how == "random":
        order = random.permutation(len(labels))
        return np.sort(order[count:]), np.sort(order[:count])
    kept, off = stratified(labels, proportional(np.bincount(labels).tolist(), count), random)
    return np.sort(kept), np.sort(off)
