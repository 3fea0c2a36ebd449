"""What a simulation measures: a chance, for each number of seeds, as it was and as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

SEEDS = (3, 5, 10)
"""The numbers of seeds that are simulated."""


@dataclass(frozen=True)
class Effort:
    """How much is simulated: `draws` runs of each kind, from a generator of its own for each row."""

    draws: int

    def random(self) -> np.random.Generator:
        """The same numbers for every row, whichever rows are simulated."""
        return np.random.default_rng(0)


@dataclass(frozen=True)
class Row:
    """A chance in several settings.

    `before` and `after` have one number for each of `SEEDS`, or for what the setting says, from 0 to 1; `before` is what the method
    that nearly everybody uses gives, `None` where there is none. `promise` is what is held against `after`. `columns` head both,
    where they are not of `SEEDS`; what is no chance is a number of seeds.
    """

    matter: str
    setting: str
    promise: str
    before: tuple[float, ...] | None
    after: tuple[float, ...]
    columns: tuple[str, str] = (f"before, n = {', '.join(map(str, SEEDS))}", f"now, n = {', '.join(map(str, SEEDS))}")
    is_chance: bool = True


Simulation: TypeAlias = Callable[[Effort], Iterator[Row]]


def per_seeds(measure: Callable[[int], float]) -> tuple[float, ...]:
    """A number for each number of seeds."""
    return tuple(float(measure(n)) for n in SEEDS)
