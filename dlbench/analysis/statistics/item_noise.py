"""What a mean over seeds and test samples is worth for other seeds *and* other samples.

All seeds are tested on the same few samples, so that the spread over seeds says nothing of how these samples were drawn: of two
nets that are equally good, one is better on 359 digits by more than the seeds' interval in 10 to 20 % of cases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.analysis.candidate_results import CandidateResults
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.quantity import Interval

if TYPE_CHECKING:
    from dlbench.plan.questions import Claim

OF_SAMPLES = "test_accuracy"
"""The metric that is a mean over test samples of which it is kept what each trial got right."""

Answers: TypeAlias = Mapping[str, NDArray[np.bool_]]
"""By a trial's id, whether it is right about each test sample."""


def is_of_samples(claim: Claim) -> bool:
    """Whether a claim is about a mean over the test samples as each trial answered them at its end."""
    return claim.metric == OF_SAMPLES and claim.at_step is None


@dataclass(frozen=True)
class ItemNoise:
    """The mean of a table of seeds by samples, and its variance over other seeds and other samples.

    `freedom` are Satterthwaite's degrees of freedom of that variance.
    """

    mean: float
    variance: float
    freedom: float

    def interval_at(self, alpha: float, seeds: Interval) -> Interval:
        """The mean +- t(freedom) SE, which misses in `alpha` of cases, never narrower than the interval of the `seeds` alone."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.freedom, 1 - alpha / 2)) * math.sqrt(self.variance)
        return Interval(min(self.mean - half, seeds.low), max(self.mean + half, seeds.high))


def item_noise(table: NDArray[Any]) -> ItemNoise | None:
    """The noise of the mean over `[seeds, samples]`, by two-way analysis of variance with both of them random.

    The table has what each seed got right (1) or wrong (0), or the difference of two variants. The variance is (MS_seeds +
    MS_samples - MS_rest) / (n m), never below the seeds' own MS_seeds / (n m), since Var(mean) = s_seeds^2 / n + s_samples^2 / m +
    s_rest^2 / (n m) and E MS_seeds = s_rest^2 + m s_seeds^2, E MS_samples = s_rest^2 + n s_samples^2 (Cornfield & Tukey 1956); its
    degrees of freedom are Satterthwaite's (1946). `None` for fewer than two seeds or samples.
    """
    n, m = table.shape
    if n < 2 or m < 2:
        return None
    values = table.astype(np.float64)
    mean, by_seed, by_sample = values.mean(), values.mean(axis=1), values.mean(axis=0)
    rest = values - by_seed[:, None] - by_sample[None, :] + mean
    parts = (
        (((by_seed - mean) ** 2).sum() / (n * (n - 1)), n - 1),
        (((by_sample - mean) ** 2).sum() / (m * (m - 1)), m - 1),
        ((rest**2).sum() / (n * m * (n - 1) * (m - 1)), (n - 1) * (m - 1)),
    )
    (seeds, _), (samples, _), (residual, _) = parts
    if samples <= residual:
        return ItemNoise(float(mean), float(seeds), float(n - 1))
    variance = seeds + samples - residual
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    return ItemNoise(float(mean), float(variance), float(max(freedom, n - 1)))


def noise_of(sides: Sequence[CandidateResults], seeds: Sequence[int], answers: Answers) -> ItemNoise | None:
    """The noise of the mean of one candidate over these seeds, or of the difference of two; `None` where answers are not known.

    Answers that are not those of the trial's accuracy, as where something was done by hand, are none.
    """
    tables = [table for side in sides if (table := _table(side, seeds, answers)) is not None]
    if len(tables) < len(sides) or len({table.shape for table in tables}) > 1:
        return None
    first, *second = tables
    return item_noise(first - second[0] if second else first)


def _table(side: CandidateResults, seeds: Sequence[int], answers: Answers) -> NDArray[np.int8] | None:
    """What each seed got right, `[seeds, samples]`."""
    by_seed = {trial.plan.seed: answers.get(trial.plan.id) for trial in side.trials}
    rows = [by_seed.get(seed) for seed in seeds]
    known = [row for row in rows if row is not None]
    if not known or len(known) < len(rows) or len({len(row) for row in known}) > 1:
        return None
    table, accuracies = np.array(known, dtype=np.int8), side.values(METRICS[OF_SAMPLES])
    fits = np.abs(table.mean(axis=1) - [accuracies[seed] for seed in seeds]) < 0.5 / table.shape[1]
    return table if fits.all() else None
