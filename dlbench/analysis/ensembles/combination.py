"""Combining members: what an ensemble of trained nets says of each sample, and how right it is.

Whatever is averaged, the class with the largest mean wins, of equal ones the first. Log-probabilities and not raw logits go in:
they differ by a constant a sample, which changes no softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

ROOM = 1 << 22
"""Numbers of one intermediate array: 32 MB."""

TINY = 1e-290
"""Shares above it are double precision's normal numbers, with all their digits."""


@dataclass(frozen=True)
class Combination:
    """One way to combine: what of a member is averaged, and the combined nets' loss, if they give probabilities.

    `scores` turns log-probabilities `[members, samples, classes]` into what is averaged; `losses` takes the log-probabilities,
    the labels `[samples]` and the subsets `[subsets, size]`, and gives cross-entropies `[subsets, samples]`.
    """

    summary: str
    scores: Callable[[Array], Array]
    losses: Callable[[Array, Indices, Indices], Array] | None


@dataclass(frozen=True)
class Rightness:
    """How right each of some ensembles is: accuracy and mean cross-entropy (`None` for votes), `[subsets]` each."""

    accuracy: Array
    loss: Array | None


def log_probabilities(logits: NDArray[Any]) -> Array:
    """Log-softmax of logits `[..., outputs]` over the classes; a single output is the logit of class 1 against 0."""
    precise = logits.astype(np.float64)
    if precise.shape[-1] == 1:
        precise = np.concatenate([np.zeros_like(precise), precise], axis=-1)
    shifted = precise - precise.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def rightness(logs: Array, labels: NDArray[Any], subsets: Indices, combination: Combination) -> Rightness:
    """Accuracy and loss of the members `subsets` `[subsets, size]`, given all members' log-probabilities."""
    true = labels.astype(np.intp)
    right, loss = np.zeros(len(subsets)), np.zeros(len(subsets))
    for part in _parts(len(true), len(subsets) * max(logs.shape[-1], subsets.shape[1])):
        own = logs[:, part]
        decided = _sums(combination.scores(own), subsets).argmax(axis=-1)
        right += (decided == true[part]).sum(axis=-1)
        if combination.losses is not None:
            loss += combination.losses(own, true[part], subsets).sum(axis=-1)
    return Rightness(right / len(true), None if combination.losses is None else loss / len(true))


def _parts(samples: int, cost: int) -> Iterator[slice]:
    step = max(1, ROOM // cost)
    return (slice(start, start + step) for start in range(0, samples, step))


def _sums(values: Array, subsets: Indices) -> Array:
    """The sums over each subset's members of values `[members, ...]`, `[subsets, ...]`, as one product of matrices."""
    chosen = np.zeros((len(subsets), len(values)))
    np.put_along_axis(chosen, subsets, 1.0, axis=1)
    return (chosen @ values.reshape(len(values), -1)).reshape(len(subsets), *values.shape[1:])


def _votes(logs: Array) -> Array:
    return np.asarray(logs.argmax(axis=-1)[..., None] == np.arange(logs.shape[-1]), dtype=np.float64)


def _of_mean_probability(logs: Array, labels: Indices, subsets: Indices) -> Array:
    """-log of the mean over the members of p_t; no probability is too small for it."""
    true = np.take_along_axis(logs, labels[None, :, None], axis=-1)[..., 0]
    largest = true.max(axis=0)
    shares = np.exp(true - largest)
    # One exponential a member, not one a subset; but beside a member that is surer by far, others would vanish.
    fine = shares.min(axis=0) > TINY
    losses = np.empty((len(subsets), len(labels)))
    losses[:, fine] = -largest[fine] - np.log(_sums(shares[:, fine], subsets))
    apart = true[:, ~fine][subsets]
    losses[:, ~fine] = -apart.max(axis=1) - np.log(np.exp(apart - apart.max(axis=1, keepdims=True)).sum(axis=1))
    return np.asarray(losses + np.log(subsets.shape[1]))


def _of_mean_logit(logs: Array, labels: Indices, subsets: Indices) -> Array:
    """Cross-entropy of the softmax of the mean logits."""
    means = log_probabilities(_sums(logs, subsets) / subsets.shape[1])
    return -np.take_along_axis(means, labels[None, :, None], axis=-1)[..., 0]


COMBINATIONS: Mapping[str, Combination] = {
    "probability": Combination("mean probability", np.exp, _of_mean_probability),
    "logit": Combination("mean logit", np.asarray, _of_mean_logit),
    "vote": Combination("vote", _votes, None),
}
"""Every way to combine by its name in a recipe. Of classes with equally many votes the first wins, as in scikit-learn's
VotingClassifier."""
