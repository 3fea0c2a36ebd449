"""The numbers of each step, out of a stack's `[train]` settings: rates by schedule, Adam's factors, strengths."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.catalog import Catalog
from dlbench.parts import schedules
from dlbench.parts.arguments import Settings
from dlbench.parts.optimizers import OPTIMIZERS
from dlbench.parts.regularizers import REGULARIZERS

Columns: TypeAlias = NDArray[np.float64]

OWN = 8
"""Columns of the optimizer: rate, decay, momentum, and of Adam and RMSprop 1 - beta1, beta2, 1 - beta2, eps, the root's factor."""


NUMBERS = ("lr", "weight_decay", "momentum", "beta1", "beta2", "alpha", "eps")
"""What the optimizers take, all of them together."""


class StepNumbers:
    """The numbers of groups that train alike, for any steps. `trains` are the groups' settings, of one kind each."""

    def __init__(self, trains: Sequence[dict[str, Any]], steps: int, steps_per_epoch: int) -> None:
        self._kind = trains[0]["optimizer"]["kind"]
        self._optimizer = {name: _of([train["optimizer"] for train in trains], OPTIMIZERS, name) for name in NUMBERS}
        self._strengths = [
            _of([train["regularizers"][index] for train in trains], REGULARIZERS, only_argument(REGULARIZERS, own))
            for index, own in enumerate(trains[0]["regularizers"])
        ]
        keys = [json.dumps(train["schedule"], sort_keys=True) for train in trains]
        self._schedules = {key: train["schedule"] for key, train in zip(keys, trains, strict=True)}
        self._which = [list(self._schedules).index(key) for key in keys]
        self._place = steps, steps_per_epoch
        self.columns = OWN + len(self._strengths)

    def table(self, first: int, steps: int) -> NDArray[np.float32]:
        """Of so many steps from `first` on, `[steps, columns, groups]`."""
        one, table = self._optimizer, np.zeros((steps, self.columns, len(self._which)))
        rate = one["lr"] * self._factors(first, steps)
        table[:, 0], table[:, 1] = rate, one["weight_decay"]
        if self._kind in {"adam", "adamw"}:
            done = np.arange(first + 1, first + steps + 1, dtype=np.float64)[:, None]
            table[:, 0] = rate / (1 - one["beta1"] ** done)
            table[:, 7] = 1 / np.sqrt(1 - one["beta2"] ** done)
            if self._kind == "adamw":
                table[:, 1] = 1 - rate * one["weight_decay"]
            table[:, 3:7] = np.stack([1 - one["beta1"], one["beta2"], 1 - one["beta2"], one["eps"]])
        else:
            table[:, 2] = one["momentum"]
            table[:, 4:7] = np.stack([one["alpha"], 1 - one["alpha"], one["eps"]])
        table[:, OWN:] = np.reshape(self._strengths, (len(self._strengths), len(self._which)))
        return table.astype(np.float32)

    def _factors(self, first: int, steps: int) -> Columns:
        """What the schedules multiply the rates by, `[steps, groups]`."""
        found = [
            np.ones(steps) if own["kind"] == "constant" else self._along(own, range(first, first + steps))
            for own in self._schedules.values()
        ]
        return np.stack(found, axis=1)[:, self._which]

    def _along(self, schedule: dict[str, Any], steps: range) -> Columns:
        return np.array([schedules.factor(schedule, step, *self._place) for step in steps])


def only_argument(catalog: Catalog[Any], part: Settings) -> str:
    """The name of the one number that a part takes."""
    (name,) = catalog[part["kind"]].arguments
    return name


def number(catalog: Catalog[Any], part: Settings, name: str) -> Any:
    """A number of a part's settings, its default where they have none; 0 where the part takes none such."""
    known = catalog[part["kind"]].arguments
    return part.get(name, known[name].default) if name in known else 0.0


def _of(parts: Sequence[Settings], catalog: Catalog[Any], name: str) -> Columns:
    """The same number in each group."""
    return np.array([number(catalog, part, name) for part in parts], dtype=np.float64)
