"""Subsets of members, and what the mean over all of them is worth.

Subsets of the same members overlap, so their values are not independent: 252 ensembles of five out of ten seeds are still ten
seeds. The mean over the subsets is a U-statistic, and its interval comes from leaving out one member at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.statistics.intervals import are_equal, equal_interval, mean_of, t_quantile
from dlbench.metrics.quantity import ALPHA, NUMBER, Interval, Quantity


@dataclass(frozen=True)
class Estimate:
    """The mean over subsets of members, the lowest and the highest of them, and the mean's 95 % interval over members.

    `std` is that of a single member's share in the mean: the interval's half is t(n - 1) std / sqrt(n), n members.
    """

    mean: float
    lowest: float
    highest: float
    std: float | None
    interval: Interval | None


def subsets_of(members: int, size: int, most: int, seed: int) -> NDArray[np.intp]:
    """All subsets of a size in lexicographic order, or where they are more than `most`, so many different ones drawn by `seed`.

    `[subsets, size]`, members ascending.
    """
    if math.comb(members, size) <= most:
        return np.array(list(combinations(range(members), size)), dtype=np.intp)
    random = np.random.default_rng([seed, members, size])
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < most:
        drawn[tuple(sorted(random.permutation(members)[:size].tolist()))] = None
    return np.array(sorted(drawn), dtype=np.intp)


def estimate(
    values: NDArray[np.float64],
    subsets: NDArray[np.intp],
    members: int,
    quantity: Quantity = NUMBER,
    alpha: float = ALPHA,
) -> Estimate:
    """What the values `[subsets]` of some quantity say of its expectation for ensembles of this size, from other members.

    The interval is U +- t(n - 1) sqrt((n - 1) / n sum_i (U_i - U.)^2), with U_i the mean over the subsets without member i, and
    U. the mean of these: the jackknife of a U-statistic (Arvesen 1969). For subsets of one it is Student's interval. Its
    variance errs on the wide side in expectation, however large the subsets (Efron & Stein 1981), and where subsets were sampled
    their sampling widens it too. `None` where some member is in every subset: one ensemble of all is a single draw. Equal
    values have the interval of as many equal draws as there are subsets without a common member.
    """
    mean, lowest, highest = mean_of(values.tolist()), float(values.min()), float(values.max())
    left_out = np.ones((len(subsets), members), dtype=bool)
    np.put_along_axis(left_out, subsets, values=False, axis=1)
    counts = left_out.sum(axis=0)
    if not counts.all():
        return Estimate(mean, lowest, highest, None, None)
    without = np.array([mean_of(values[left_out[:, member]].tolist()) for member in range(members)])
    variance = (members - 1) / members * float(((without - without.mean()) ** 2).sum())
    if are_equal((lowest, highest)):
        interval = equal_interval(mean, members // subsets.shape[1], quantity, alpha)
    else:
        half = t_quantile(members - 1, alpha) * math.sqrt(variance)
        interval = Interval(mean - half, mean + half).clipped(quantity.bounds)
    return Estimate(mean, lowest, highest, math.sqrt(variance * members), interval)
