"""The learning-rate range test: the loss while the rate grows from step to step, and the rate that it suggests."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.metrics.names import BATCH_LOSS
from dlbench.plan import Candidate, candidate_text
from dlbench.state.run_state import RunState

Floats = NDArray[np.float64]

WINDOW = 0.05
"""The part of the steps over which the loss is smoothed."""
LEAST_FALL = 0.01
"""A loss that falls by less than this part of itself does not learn at any rate."""
NOISE = 4.0
"""A fall must be so many times what two smoothed losses differ by because of their batches."""
NORMAL_DIFFERENCE = 0.954
"""The median distance of two normal numbers, in standard deviations: sqrt(2) times 0.6745."""
BLOWN_UP = 4.0
"""A curve ends where the loss is so many times its lowest, and above its first: what follows says nothing of lower rates."""


@dataclass(frozen=True)
class RateCurve:
    """One seed: `rates` and `losses` of the batches `[steps]`, NaN from its divergence on, and what they tell.

    `smoothed` are the losses' centred means, NaN where the curve has ended. `steepest` is the rate at which the loss falls
    fastest over the logarithm of the rate, `lowest` the one at which it is lowest: both `None` where no rate lowers it.
    `end` is the rate at which it has blown up or diverged, `None` where it has not.
    """

    seed: int
    rates: Floats
    losses: Floats
    smoothed: Floats
    steepest: float | None
    lowest: float | None
    end: float | None


@dataclass(frozen=True)
class RateRange:
    """A variant (with its choice of a search) over the rates: its own rate, its seeds, and the rate that they suggest.

    `suggestion` is the geometric mean of the seeds' steepest rates, `None` where fewer than half of them have one.
    """

    name: str
    variant: str
    choice: Mapping[str, Any]
    lr: float
    curves: Sequence[RateCurve]
    same: Sequence[str] = field(default_factory=list)

    @property
    def steepest(self) -> list[float]:
        """The steepest rates of the seeds that have one."""
        return [curve.steepest for curve in self.curves if curve.steepest is not None]

    @property
    def suggestion(self) -> float | None:
        """A rate to begin with."""
        found = self.steepest
        return float(np.exp(np.mean(np.log(found)))) if 2 * len(found) >= len(self.curves) and found else None


def growing(candidate: Candidate, low: float, high: float, steps: int) -> Candidate:
    """The same, trained for so many steps with a rate that grows by one factor a step, from `low` at the first to `high`.

    Schedule, early stopping, histograms and probes beyond the first step are left out.
    """
    settings, train = candidate.settings, candidate.settings["train"]
    ramp = {"kind": "step", "every": 1, "gamma": (high / low) ** (1 / (steps - 1))}
    optimizer = {**train["optimizer"], "lr": low}
    grown = {**train, "optimizer": optimizer, "schedule": ramp, "steps": steps, "epochs": None, "early_stopping": None}
    return replace(candidate, settings={**settings, "train": grown, "probes": {"points": 1, "histograms": False}})


def alike(candidates: Sequence[Candidate], low: float, high: float, steps: int) -> list[list[Candidate]]:
    """Candidates in groups that differ in nothing but rates, schedules and lengths, which the range test replaces."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        key = json.dumps(growing(candidate, low, high, steps).settings, sort_keys=True)
        groups.setdefault(key, []).append(candidate)
    return list(groups.values())


def rate_ranges(state: RunState, groups: Sequence[Sequence[Candidate]], low: float, high: float) -> list[RateRange]:
    """What the trials of every group tell; the plan's candidates are the first of each."""
    found = []
    for index, (first, *others) in enumerate(groups):
        trials = [trial for trial in state.trials if trial.plan.candidate == index and trial.steps]
        curves = [
            rate_curve(trial.plan.seed, low, high, trial.stack.steps, trial.curve(BATCH_LOSS)) for trial in trials
        ]
        if curves:
            lr = first.settings["train"]["optimizer"]["lr"]
            same = [candidate_text(other) for other in others]
            found.append(RateRange(candidate_text(first), first.variant, first.choice, lr, curves, same))
    return found


def rate_curve(seed: int, low: float, high: float, steps: int, told: Floats) -> RateCurve:
    """What the losses `[up to steps]` of batches tell, whose rates grow from `low` to `high` in so many steps."""
    rates, losses = np.geomspace(low, high, steps), np.full(steps, np.nan)
    losses[: len(told)] = told[:steps]
    known = int(np.argmin(np.isfinite(losses))) if not np.isfinite(losses).all() else steps
    width = max(round(WINDOW * steps) | 1, 3)
    smoothed = np.full(steps, np.nan)
    smoothed[:known] = _centred_means(losses[:known], width)
    end = _end(smoothed, known)
    smoothed[end:] = np.nan
    steepest, lowest = _falls(losses[:end], smoothed[:end], np.log(rates[:end]), width)
    return RateCurve(
        seed,
        rates,
        losses,
        smoothed,
        None if steepest is None else float(rates[steepest]),
        None if lowest is None else float(rates[lowest]),
        float(rates[end]) if end < steps else None,
    )


def _centred_means(values: Floats, width: int) -> Floats:
    """Means over windows of an odd width around each value, narrower at both ends; they do not lag behind."""
    half, sums = width // 2, np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    reach = np.minimum(half, np.minimum(places, len(values) - 1 - places))
    means: Floats = (sums[places + reach + 1] - sums[places - reach]) / (2 * reach + 1)
    return means


def _end(smoothed: Floats, known: int) -> int:
    """Where the curve ends: it diverges, or is several times its lowest so far and above its first."""
    best = np.minimum.accumulate(smoothed[:known])
    over = np.flatnonzero(smoothed[:known] > np.maximum(BLOWN_UP * best, smoothed[:1]))
    return int(over[0]) if len(over) else known


def _falls(losses: Floats, smoothed: Floats, log_rates: Floats, width: int) -> tuple[int | None, int | None]:
    """Where the loss falls fastest and where it is lowest; `None` where it does not fall by more than noise.

    Looked at are the places whose means are over whole windows; those at both ends are hardly smoothed.
    """
    half = width // 2
    if len(smoothed) <= 2 * width:
        return None, None
    lowest = half + int(np.argmin(smoothed[half : len(smoothed) - half]))
    start = float(losses[:width].mean())
    noise = float(np.median(np.abs(np.diff(losses)))) / NORMAL_DIFFERENCE * math.sqrt(2 / width)
    if start - smoothed[lowest] <= max(LEAST_FALL * abs(start), NOISE * noise):
        return None, None
    slopes = np.gradient(smoothed, log_rates)[half : lowest + 1]
    return half + int(np.argmin(slopes)), lowest
