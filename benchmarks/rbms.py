"""RBMs for both sides: their data, their settings, and how good they are when they have learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.lessons import RECIPES
from dlbench.plan import Plan
from dlbench.plan.make import make_plan
from dlbench.recipe import load

if TYPE_CHECKING:
    from torch import Tensor

    from dlbench.parts.pretraining.coder import Coder


@dataclass(frozen=True)
class Task:
    """So many samples of a dataset, seen so often in batches, by an RBM of so many hidden units."""

    data: str
    samples: int
    hidden: int
    batch: int
    epochs: int

    @property
    def steps(self) -> int:
        """The steps of one RBM."""
        return self.epochs * -(-self.samples // self.batch)

    def plan(self, trials: int) -> Plan:
        """A plan of one stack that pre-trains so many of them, and trains for one step."""
        changes = [
            f'data="{self.data}"',
            f"data.limit={self.samples}",
            f"model.layers.1.units={self.hidden}",
            f"train.pretrain.batch_size={self.batch}",
            f"train.pretrain.epochs={self.epochs}",
            f"trials.seeds={trials}",
        ]
        return make_plan(load(RECIPES / "rbm.toml", changes), device="cpu", workers=1)

    def x(self) -> Any:
        """The samples, flat, float32 `[samples, pixels]`."""
        import numpy as np

        from dlbench.parts.datasets import load_data
        from dlbench.parts.datasets.samples import chunks

        arrays = load_data({"kind": self.data, "limit": self.samples})
        return np.concatenate(list(chunks(arrays.x_train))).reshape(self.samples, -1)


def lost(coder: Coder, x: Tensor) -> float:
    """The negative log-pseudo-likelihood of samples in nats, by a random unit each, mean over samples and trials."""
    import torch

    from dlbench.parts.pretraining.energy import pseudo_likelihood

    trials = len(coder.weights)
    units = torch.randint(x.shape[1], (1, len(x)), generator=torch.Generator().manual_seed(0))
    seen = x.expand(trials, *x.shape)
    return -float(pseudo_likelihood(coder, seen, [units.expand(trials, -1)]).mean())
