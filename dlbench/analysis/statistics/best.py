"""Variants held against each other seed by seed: how they differ, and which are not distinguishable from the best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from dlbench.analysis.statistics.intervals import Summary, paired_difference, summarize
from dlbench.metrics.catalog import Metric
from dlbench.metrics.quantity import ALPHA

BySeed: TypeAlias = Mapping[int, float]
"""A variant's values of a metric, by seed."""


def difference(ours: BySeed, theirs: BySeed, metric: Metric, alpha: float) -> Summary:
    """Ours minus theirs, seed by seed, over the seeds for which both have a value."""
    common = [seed for seed in ours if seed in theirs]
    return paired_difference([ours[seed] for seed in common], [theirs[seed] for seed in common], metric.quantity, alpha)


def pairwise_alpha(variants: int) -> float:
    """How often one pair's interval may miss, where any two of the variants may be the pair that is looked at: Bonferroni's."""
    return ALPHA / max(math.comb(variants, 2), 1)


def best(variants: Mapping[str, BySeed], metric: Metric, alpha: float) -> set[str]:
    """The variant with the best mean, and those whose paired interval to it has no difference in it.

    Each of them has a value, and the metric a better. `alpha` is how often one interval may miss.
    """
    means = {name: summarize(list(values.values()), metric.quantity).mean or 0.0 for name, values in variants.items()}
    top = (max if metric.better == "higher" else min)(means, key=lambda name: means[name])
    return {name for name in variants if name == top or _is_level(variants[name], variants[top], metric, alpha)}


def _is_level(ours: BySeed, top: BySeed, metric: Metric, alpha: float) -> bool:
    interval = difference(top, ours, metric, alpha).interval
    return interval is None or metric.quantity.no_difference in interval
