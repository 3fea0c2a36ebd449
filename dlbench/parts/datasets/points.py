"""Points that are made, not measured: xor, spirals, blobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from annotated_types import Ge

from dlbench.parts.datasets.base import DATASETS, Arrays, Labels, Source, stream
from dlbench.parts.datasets.samples import Floats

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
EXCLUSIVE_OR = np.array([0, 1, 1, 0], dtype=np.int64)


@DATASETS.add(origin="on board")
def xor(
    *, noise: Annotated[float, Ge(0)] = 0.0, copies: Annotated[int, Ge(1)] = 1, seed: Annotated[int, Ge(0)] = 0
) -> Source:
    """The four corners of the unit square, labelled by exclusive or: no straight line separates them (Minsky & Papert 1969).

    Training samples are `copies` times the four corners, each moved by Gaussian noise of deviation `noise`; the test set
    is the four corners themselves. Samples are `(2,)`.

    noise: the deviation of the noise on training points.
    copies: how many samples each corner has.
    """

    def load() -> Arrays:
        corners = np.tile(CORNERS, (copies, 1))
        moved = corners + noise * stream(seed, "xor").standard_normal(corners.shape)
        return Arrays(moved.astype(np.float32), np.tile(EXCLUSIVE_OR, copies), CORNERS.copy(), EXCLUSIVE_OR.copy())

    return replace(Source.of((2,), (2 * copies, 2 * copies), (2, 2), load), test_repeats_train=not noise)


@DATASETS.add(origin="on board")
def spirals(
    *,
    arms: Annotated[int, Ge(2)] = 2,
    samples: Annotated[int, Ge(2)] = 400,
    noise: Annotated[float, Ge(0)] = 0.1,
    turns: Annotated[float, Ge(0)] = 1.0,
    seed: Annotated[int, Ge(0)] = 0,
) -> Source:
    """Spirals wound into each other, one class per arm: a point at radius r of arm k of K lies at 2 pi (r turns + k / K).

    r is uniform in 0..1, the angle gets Gaussian noise of deviation `noise` radians, and the point is (r sin, r cos) of it:
    the spirals of the CS231n notes, after the two of Lang & Witbrock (1988). `samples` counts the training set, shared out
    over the arms; the test set is a second draw of the same size. Samples are `(2,)`.

    arms: how many spirals, and so classes, there are.
    noise: the deviation of the angle, in radians.
    turns: how often an arm goes around the centre.
    """
    per_arm = _shares(samples, arms, "arms")

    def draw(part: str) -> tuple[Floats, Labels]:
        random = stream(seed, f"spirals {part}")
        arm = random.permutation(np.repeat(np.arange(arms), per_arm))
        radius = random.uniform(size=samples)
        angle = 2 * np.pi * (radius * turns + arm / arms) + noise * random.standard_normal(samples)
        points = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
        return points.astype(np.float32), arm.astype(np.int64)

    return Source.of((2,), per_arm, per_arm, lambda: Arrays(*draw("train"), *draw("test")))


@DATASETS.add(origin="on board")
def blobs(
    *,
    centers: Annotated[int, Ge(2)] = 3,
    samples: Annotated[int, Ge(2)] = 300,
    features: Annotated[int, Ge(1)] = 2,
    spread: Annotated[float, Ge(0)] = 1.0,
    seed: Annotated[int, Ge(0)] = 0,
) -> Source:
    """Gaussian clouds, one class per cloud: centres uniform in -10..10 along each feature, deviation `spread` around them.

    The law of scikit-learn's `make_blobs`. `samples` counts the training set, shared out over the centres; the test set is
    a second draw of the same size around the same centres. Samples are `(features,)`.

    centers: how many clouds, and so classes, there are.
    features: how many features a sample has.
    spread: the deviation within a cloud.
    """
    per_center = _shares(samples, centers, "centers")

    def load() -> Arrays:
        middles = stream(seed, "blobs centers").uniform(-10, 10, (centers, features))

        def draw(part: str) -> tuple[Floats, Labels]:
            random = stream(seed, f"blobs {part}")
            labels = random.permutation(np.repeat(np.arange(centers), per_center))
            points = middles[labels] + spread * random.standard_normal((samples, features))
            return points.astype(np.float32), labels.astype(np.int64)

        return Arrays(*draw("train"), *draw("test"))

    return Source.of((features,), per_center, per_center, load)


def _shares(samples: int, classes: int, word: str) -> list[int]:
    """`samples` shared out over the classes as evenly as whole numbers allow, the first ones getting what is left over."""
    if samples < classes:
        raise ValueError(f"'samples' is {samples}, too few for {classes} {word}; each needs at least one")
    share, rest = divmod(samples, classes)
    return [share + (label < rest) for label in range(classes)]
