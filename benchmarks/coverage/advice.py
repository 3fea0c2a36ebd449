"""What comes of following the advice on seeds after a run that decided nothing: differences that are not there, and power."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from benchmarks.coverage.row import Effort, Row, per_seeds
from dlbench.analysis.statistics.intervals import t_quantile
from dlbench.analysis.statistics.power import power_of_mean, power_of_share, seeds_needed
from dlbench.analysis.statistics.proportions import share_interval
from dlbench.metrics.quantity import ALPHA

EFFECTS = (0.3, 0.5, 1.0)
"""Differences in deviations."""
SHARES = ((7, 10, 0.5), (1, 10, 0.4), (60, 100, 0.5))
"""Successes of so many seeds, and what the share is held against."""


def simulate(effort: Effort) -> Iterator[Row]:
    """Before: about as many more seeds as exclude 0 if mean and deviation stay, judged with the first. Now: fresh ones, alone."""
    yield Row(
        "the advice is followed after an undecided run: called different", "no difference", "≤ 5 %",
        per_seeds(_called(0.0, _with_more, effort)), per_seeds(_called(0.0, _fresh, effort)),
    )  # fmt: skip
    for effect in EFFECTS:
        yield Row(
            "the advice is followed after an undecided run: called different", f"a difference of {effect} deviations", "",
            per_seeds(_called(effect, _with_more, effort)), per_seeds(_called(effect, _fresh, effort)),
        )  # fmt: skip
    yield Row(
        "power of the seeds that are named, if the run shows what is true",
        f"in the columns: differences of {', '.join(map(str, EFFECTS))} deviations", "≥ 80 %",
        tuple(_power(effect, _more(effect, 1.0)) for effect in EFFECTS),
        tuple(_power(effect, _named(effect, 1.0) or 0) for effect in EFFECTS),
    )  # fmt: skip

    yield Row(
        "power of the seeds that are named, if the run shows what is true",
        f"in the columns: {', '.join(f'{k}/{n} against {limit}' for k, n, limit in SHARES)}", "≥ 80 %",
        tuple(_power_of_share(k / n, limit, _more_for_share(k / n, limit)) for k, n, limit in SHARES),
        tuple(_power_of_share(k / n, limit, _named_for_share(k, n, limit)) for k, n, limit in SHARES),
    )  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """n numbers of a normal population with deviation 1 in short: their mean, and their squares about it."""

    n: int
    mean: float
    squares: float

    @classmethod
    def drawn(cls, n: int, effect: float, random: np.random.Generator) -> Sample:
        """Of a population with the mean `effect`."""
        squares = float(random.chisquare(n - 1)) if n > 1 else 0.0
        return cls(n, float(random.normal(effect, 1 / math.sqrt(n))), squares)

    def joined(self, other: Sample) -> Sample:
        """Both together."""
        n = self.n + other.n
        between = (self.mean - other.mean) ** 2 * self.n * other.n / n
        return Sample(n, (self.n * self.mean + other.n * other.mean) / n, self.squares + other.squares + between)

    @property
    def std(self) -> float:
        """With n - 1 in the denominator."""
        return math.sqrt(self.squares / (self.n - 1))

    @property
    def is_different(self) -> bool:
        """Whether Student's interval excludes 0."""
        return abs(self.mean) > t_quantile(self.n - 1) * self.std / math.sqrt(self.n)


Follow = Callable[[Sample, float, np.random.Generator], Sample | None]


def _called(effect: float, follow: Follow, effort: Effort) -> Callable[[int], float]:
    def rate(n: int) -> float:
        random, draws = effort.random(), max(effort.draws // 4, 1)
        runs = (Sample.drawn(n, effect, random) for _ in range(draws))
        ends = [end for run in runs if not run.is_different and (end := follow(run, effect, random)) is not None]
        return sum(end.is_different for end in ends) / max(len(ends), 1)

    return rate


def _fresh(run: Sample, effect: float, random: np.random.Generator) -> Sample | None:
    n = _named(run.mean, run.std)
    return None if n is None else Sample.drawn(n, effect, random)


def _with_more(run: Sample, effect: float, random: np.random.Generator) -> Sample | None:
    if _named(run.mean, run.std) is None:
        return None
    return run.joined(Sample.drawn(max(_more(run.mean, run.std) - run.n, 1), effect, random))


def _named(mean: float, std: float) -> int | None:
    return seeds_needed((0.0,), power_of_mean(mean, std), ALPHA)


def _more(mean: float, std: float) -> int:
    """The advice of before: the smallest n with t(n - 1) s / sqrt(n) < |mean|."""

    def enough(n: int) -> bool:
        return t_quantile(n - 1) * std < abs(mean) * math.sqrt(n)

    return 2 + bisect_left(range(2, 10_000), True, key=enough)


def _power(effect: float, n: int) -> float:
    return power_of_mean(effect, 1.0)(0.0, n, ALPHA) if n > 1 else 0.0


def _power_of_share(share: float, limit: float, n: int) -> float:
    """The chance that so many seeds' interval leaves the limit out on the side of the truth, summed over all counts."""
    intervals = [share_interval(successes, n) for successes in range(n + 1)]
    out = [one is not None and (one.low > limit if share > limit else one.high < limit) for one in intervals]
    return float(binom.pmf(np.arange(n + 1), n, share)[out].sum())


def _named_for_share(successes: int, seeds: int, limit: float) -> int:
    return seeds_needed((limit,), power_of_share(successes, seeds), ALPHA) or 0


def _more_for_share(share: float, limit: float) -> int:
    """The advice of before: the smallest n of which the interval leaves the limit out, if the share stays."""
    return next(n for n in range(1, 10_000) if limit not in (share_interval(share * n, n) or (limit,)))
