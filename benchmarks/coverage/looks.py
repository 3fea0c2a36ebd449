"""Seeds that are looked at after each of them: how often a claim that is at its limit is decided, and after how many seeds others are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage.row import Effort, Row
from dlbench.analysis.statistics.intervals import mean_intervals, t_quantile
from dlbench.analysis.statistics.power import power_of_mean, power_of_share, seeds_needed
from dlbench.analysis.statistics.proportions import Score, share_difference_interval, share_interval
from dlbench.analysis.statistics.sequences import (
    log_sign_martingale,
    mean_sequences,
    share_difference_sequence,
    share_sequence,
    skew_margin,
    t_sequence,
)
from dlbench.metrics.quantity import ACCURACY, ALPHA, Interval, Quantity
from dlbench.plan import FIRST_LOOK
from dlbench.plan.growth import MOST_SEEDS

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]
"""Runs by seeds, whose expectation is 0."""
Intervals = Callable[[int, int, float], Interval | None]

SEEDS = (5, 20, 100)
LOOKED = ("fixed intervals, up to 5, 20, 100 seeds", "sequences, up to 5, 20, 100 seeds")
NEEDED = ("seeds of the fixed design", "median seeds of the sequence")
MATTER = "a claim at its limit is decided, with a look after every seed"
PROMISE = "≤ 5 %"
CLAIMS = 5
SHARES = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95)
EFFECTS = (0.3, 0.5, 1.0, 2.0)
LEARNED = ((0.9, 0.5), (0.9, 0.7), (1.0, 0.9))
"""The share of seeds that learn it, and the share that is claimed."""
LONGEST = 400
"""Seeds to which a sequence is followed to find its median."""


def simulate(effort: Effort) -> Iterator[Row]:
    """Before: the intervals of a run with a fixed number of seeds, held against the claim after every seed."""
    for kind, draw in KINDS.items():
        yield _row(MATTER, f"mean, {kind}", _means(draw, 1, effort))
    yield _row(MATTER, f"{CLAIMS} means, normal: any is", _means(_normal, CLAIMS, effort))
    for kind, quantity, values in DISCRETE:
        yield _row(MATTER, f"mean, {kind}", _discrete(quantity, values, effort))
    for share in SHARES:
        yield _row(MATTER, f"share of {share:.0%}", _shares(share, effort))
    for share in (0.1, 0.5, 0.9):
        yield _row(MATTER, f"difference of two shares of {share:.0%}", _differences(share, effort))
    yield _row(MATTER, "wins of two variants that are alike, a third tied", _wins(effort))
    yield Row(
        "seeds until it is decided, power 80 %",
        f"means, {', '.join(map(str, EFFECTS))} deviations from the limit", "",
        tuple(float(_fixed_seeds(effect, 1)) for effect in EFFECTS),
        tuple(_median(effect, 1, effort) for effect in EFFECTS), NEEDED, is_chance=False,
    )  # fmt: skip
    yield Row(
        "seeds until it is decided, power 80 %", f"the same as one of {CLAIMS} claims", "",
        tuple(float(_fixed_seeds(effect, CLAIMS)) for effect in EFFECTS),
        tuple(_median(effect, CLAIMS, effort) for effect in EFFECTS), NEEDED, is_chance=False,
    )  # fmt: skip
    yield Row(
        "seeds until it is decided, power 80 %",
        f"shares, {', '.join(f'{share:.0%} against {limit:.0%}' for share, limit in LEARNED)}", "",
        tuple(float(_fixed_seeds_of_share(*one)) for one in LEARNED),
        tuple(_median_of_share(*one, effort) for one in LEARNED), NEEDED, is_chance=False,
    )  # fmt: skip


def _row(matter: str, setting: str, found: tuple[tuple[float, ...], tuple[float, ...]]) -> Row:
    return Row(matter, setting, PROMISE, *found, LOOKED)


# --- false decisions ----------------------------------------------------------------------------------------------


def _by_seeds(first: NDArray[np.int64]) -> tuple[float, ...]:
    """The share of runs whose first false decision came with so many seeds at most."""
    return tuple(float((first <= n).mean()) for n in SEEDS)


def _means(draw: Draw, claims: int, effort: Effort) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of so many claims on means of 0, each at .05 over their number; values have no equals."""
    random = effort.random()
    before, after = [], []
    for _ in range(claims):
        mean, std, skewness = _moments(draw(random, effort.draws))
        counts = np.arange(FIRST_LOOK, MOST_SEEDS + 1)
        half = np.array([t_quantile(n - 1, ALPHA / claims) for n in counts.tolist()]) * std / np.sqrt(counts)
        before.append(_first(np.abs(mean) > half))
        after.append(_first(_excluded_by_t(mean, std, skewness, ALPHA / claims)))
    return _by_seeds(np.min(before, axis=0)), _by_seeds(np.min(after, axis=0))


def _moments(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, deviation and skewness over the first 5, 6, ... seeds, `[runs, looks]`."""
    counts = np.arange(1, values.shape[1] + 1)
    first, second, third = ((values**power).cumsum(axis=1)[:, FIRST_LOOK - 1 :] for power in (1, 2, 3))
    counts = counts[FIRST_LOOK - 1 :]
    mean, square = first / counts, second / counts
    variance = square - mean**2
    skewness = (third / counts - 3 * mean * square + 2 * mean**3) / variance**1.5
    return mean, np.sqrt(variance * counts / (counts - 1)), skewness


def _excluded_by_t(mean: Floats, std: Floats, skewness: Floats, alpha: float) -> NDArray[np.bool_]:
    """Whether the sequence leaves 0 out: by the t sequence's factors, which are of n and alpha alone, and the margin of skewness."""
    excluded = []
    for place, n in enumerate(range(FIRST_LOOK, FIRST_LOOK + mean.shape[1])):
        found = t_sequence(0.0, math.sqrt(n), n, alpha)
        limit = math.inf if found is None else found.high
        wide = limit + skew_margin(limit, skewness[:, place], n)  # type: ignore[arg-type]  # all runs at once
        t = mean[:, place] * math.sqrt(n) / std[:, place]
        is_long_above = skewness[:, place] >= 0
        excluded.append((t < -np.where(is_long_above, wide, limit)) | (t > np.where(is_long_above, limit, wide)))
    return np.stack(excluded, axis=1)


def _first(excluded: NDArray[np.bool_]) -> NDArray[np.int64]:
    """After how many seeds the limit is left out first; beyond all where never."""
    found: NDArray[np.int64] = np.where(excluded.any(axis=1), excluded.argmax(axis=1) + FIRST_LOOK, 10**9)
    return found


def _discrete(quantity: Quantity, draw: Draw, effort: Effort) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The same of values that may be equal, by dlbench's own choice of the method; a tenth of the runs."""
    random, limit = effort.random(), EXPECTED[draw]
    runs = draw(random, max(effort.draws // 10, 1)).tolist()

    def first(make: Callable[[list[float], Quantity], Callable[[float], Interval | None]], run: list[float]) -> int:
        looks = range(FIRST_LOOK, MOST_SEEDS + 1)
        return next((n for n in looks if _leaves_out(make(run[:n], quantity)(ALPHA), limit)), 10**9)

    before, after = (np.array([first(make, run) for run in runs]) for make in (mean_intervals, mean_sequences))
    return _by_seeds(before), _by_seeds(after)


def _leaves_out(interval: Interval | None, limit: float) -> bool:
    return interval is not None and limit not in interval


def _shares(share: float, effort: Effort) -> tuple[tuple[float, ...], tuple[float, ...]]:
    solved = effort.random().random((effort.draws, MOST_SEEDS)) < share
    counts = solved.cumsum(axis=1)[:, FIRST_LOOK - 1 :]
    before, after = (_first(_excluded(counts, share, make)) for make in (share_interval, share_sequence))
    return _by_seeds(before), _by_seeds(after)


def _excluded(counts: NDArray[np.int64], share: float, make: Intervals) -> NDArray[np.bool_]:
    """Whether the interval of `counts` `[runs, looks]` of successes leaves a share out."""
    looks = range(FIRST_LOOK, FIRST_LOOK + counts.shape[1])
    table = np.zeros((len(looks), looks[-1] + 1), bool)
    for place, n in enumerate(looks):
        for k in np.unique(counts[:, place]):
            table[place, k] = _leaves_out(make(int(k), n, ALPHA), share)
    found: NDArray[np.bool_] = table[np.arange(len(looks)), counts]
    return found


def _differences(share: float, effort: Effort) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Two variants that have nothing to do with each other and solve it with the same share of seeds; a tenth of the runs."""
    random = effort.random()
    ours, theirs = random.random((2, max(effort.draws // 10, 1), MOST_SEEDS)) < share
    looks = range(FIRST_LOOK, MOST_SEEDS + 1)

    @cache
    def before(first: int, second: int, n: int) -> bool:
        return _leaves_out(share_difference_interval(first, second, n, ALPHA), 0.0)

    @cache
    def after(won: int, lost: int, n: int) -> bool:
        return _leaves_out(share_difference_sequence(won, n - won - lost, lost, ALPHA), 0.0)

    both = [(ours.cumsum(axis=1), theirs.cumsum(axis=1), before)]
    both += [((ours & ~theirs).cumsum(axis=1), (theirs & ~ours).cumsum(axis=1), after)]
    found = [
        np.array([[is_out(int(a[n - 1]), int(b[n - 1]), n) for n in looks] for a, b in zip(first, second, strict=True)])
        for first, second, is_out in both
    ]
    return _by_seeds(_first(found[0])), _by_seeds(_first(found[1]))


def _wins(effort: Effort) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Seeds that are won, tied or lost alike: by the sign test, and by its martingale."""
    outcomes = effort.random().integers(-1, 2, (effort.draws, MOST_SEEDS))
    won, lost = ((outcomes == sign).cumsum(axis=1)[:, FIRST_LOOK - 1 :] for sign in (1, -1))

    @cache
    def p_values(more: int, fewer: int) -> tuple[float, float]:
        score = Score(more, 0, fewer)
        return score.p, math.exp(-log_sign_martingale(score))

    found = np.array(
        [[p_values(a, b) for a, b in zip(*run, strict=True)] for run in zip(won.tolist(), lost.tolist(), strict=True)]
    )
    return _by_seeds(_first(found[..., 0] <= ALPHA)), _by_seeds(_first(found[..., 1] <= ALPHA))


def _normal(random: np.random.Generator, runs: int) -> Floats:
    return random.standard_normal((runs, MOST_SEEDS))


def _exponential(random: np.random.Generator, runs: int) -> Floats:
    return random.exponential(size=(runs, MOST_SEEDS)) - 1


def _accuracies(random: np.random.Generator, runs: int) -> Floats:
    return random.beta(50, 2, (runs, MOST_SEEDS)) - 50 / 52


def _heavy(random: np.random.Generator, runs: int) -> Floats:
    return random.standard_t(3, (runs, MOST_SEEDS))


def _difference_of_skewed(random: np.random.Generator, runs: int) -> Floats:
    return _exponential(random, runs) - _exponential(random, runs)


def _xor(random: np.random.Generator, runs: int) -> Floats:
    """Two seeds in three learn XOR, the others get half or three quarters."""
    found: Floats = random.choice([1.0, 0.75, 0.5], size=(runs, MOST_SEEDS), p=[0.67, 0.06, 0.27])
    return found


def _lost(random: np.random.Generator, runs: int) -> Floats:
    """One seed in ten is lost."""
    found: Floats = np.where(random.random((runs, MOST_SEEDS)) < 0.1, 0.5, 0.98)
    return found + random.normal(0, 0.002, found.shape)


EXPECTED: dict[Draw, float] = {_xor: 0.85, _lost: 0.932}
KINDS: dict[str, Draw] = {
    "normal": _normal,
    "heavy tails (t with 3 degrees of freedom)": _heavy,
    "skewed (exponential)": _exponential,
    "skewed (accuracies near 1)": _accuracies,
    "difference of two skewed": _difference_of_skewed,
}
DISCRETE: tuple[tuple[str, Quantity, Draw], ...] = (
    ("accuracies 1, .75, .5 of XOR", ACCURACY, _xor),
    ("one seed in ten lost: .98, or .5", ACCURACY, _lost),
)


# --- how many seeds -----------------------------------------------------------------------------------------------


def _fixed_seeds(effect: float, claims: int) -> int:
    """The seeds whose Student's interval decides with a chance of 0.8."""
    return seeds_needed((0.0,), power_of_mean(effect, 1.0), ALPHA / claims) or 0


def _median(effect: float, claims: int, effort: Effort) -> float:
    """With a look after every seed; of so many runs that the median varies by little."""
    values = effort.random().standard_normal((max(effort.draws // 4, 1), LONGEST)) + effect
    return float(np.median(_first(_excluded_by_t(*_moments(values), ALPHA / claims))))


def _fixed_seeds_of_share(share: float, limit: float) -> int:
    many = 10**6
    return seeds_needed((limit,), power_of_share(round(share * many), many), ALPHA) or 0


def _median_of_share(share: float, limit: float, effort: Effort) -> float:
    solved = effort.random().random((max(effort.draws // 4, 1), LONGEST)) < share
    return float(np.median(_first(_excluded(solved.cumsum(axis=1)[:, FIRST_LOOK - 1 :], limit, share_sequence))))
