"""scikit-learn's BernoulliRBM, one after the other, with BLAS on as many threads as torch has on the other side."""

from __future__ import annotations

from itertools import count
from typing import Any

import torch
from sklearn.neural_network import BernoulliRBM
from threadpoolctl import threadpool_limits
from torch import Tensor

from benchmarks.rbms import Task, lost
from benchmarks.timer import Timer
from dlbench.parts.pretraining.coder import Coder


def run(lap: Timer, *, precision: str, quality: bool, **task: Any) -> None:
    """A lap is one `fit` on float32 or float64 data; with `quality` it answers with what is lost, not with its time."""
    own = Task(**task)
    x = own.x().astype(precision)
    for seed in count():
        order = lap.wait()
        rbm = BernoulliRBM(own.hidden, learning_rate=0.1, batch_size=own.batch, n_iter=own.epochs, random_state=seed)
        with threadpool_limits(order.threads):
            lap.start()
            rbm.fit(x)
        if quality:
            lap.answer(lost(learned(rbm), torch.from_numpy(x).float()))
        else:
            lap.stop()


def learned(rbm: BernoulliRBM) -> Coder:
    """The same machine as a stack of one."""

    def stacked(array: Any) -> Tensor:
        return torch.from_numpy(array).float().unsqueeze(0)

    return Coder(
        stacked(rbm.components_.T.copy()), stacked(rbm.intercept_visible_[None]), stacked(rbm.intercept_hidden_[None])
    )
