"""Early stopping: a trial that gets no better on the validation data is put back to where it was best, and stays there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from dlbench.engine.stacked_net import Tensors
from dlbench.metrics.names import evaluated

Losses: TypeAlias = NDArray[np.float32]

Rule: TypeAlias = dict[str, Any] | None
"""A trial's `[train] early_stopping`, if it has one."""

NEVER = -1


class EarlyStopper:
    """Holds a stack's trials against their rules, evaluation by evaluation (Prechelt 1998; Goodfellow et al. 2016, alg. 7.1).

    An evaluation is better if it beats the best so far by more than `min_delta`. After `patience` evaluations in a row that
    are not, and at the latest after the last step, a trial is stopped: its weights and buffers become those of its best
    evaluation for good, and so do its metrics, from that evaluation on. The other trials of the stack go on; no bit of them
    changes. What has diverged or was dropped is not stopped any more.
    """

    def __init__(self, rules: Sequence[Rule], tensors: Tensors, steps: int) -> None:
        self._rules, self._tensors, self._steps = list(rules), tensors, steps
        trials = len(self._rules)
        self.stopped = np.zeros(trials, dtype=bool)
        self.best_step = np.full(trials, NEVER)
        self._best = np.full(trials, np.nan)
        self._waited = np.zeros(trials, dtype=int)
        self._judged = NEVER
        self._record: dict[str, Losses] = {}
        """The metrics of each trial's best evaluation, `[trials]` each."""
        self._kept: list[torch.Tensor] = []
        """Every row of the tensors as it was at the best evaluation, in the order of `_rows`."""
        self._held: tuple[torch.Tensor, list[torch.Tensor]] | None = None
        """The positions of the stopped trials, and their rows."""

    def judge(self, step: int, metrics: Mapping[str, Losses | None], is_over: NDArray[np.bool_]) -> list[int]:
        """Take note of the evaluation before `step`; returns the trials that are stopped by it.

        `metrics` `[trials]` become, for every stopped trial, those of its best evaluation. `is_over` `[trials]` are those
        that need no stopping any more.
        """
        found: list[int] = []
        if step > self._judged:  # a stack that is taken up again at step 0 is evaluated there once more
            self._judged = step
            watched = [trial for trial, rule in enumerate(self._rules) if rule and not is_over[trial]]
            watched = [trial for trial in watched if not self.stopped[trial]]
            better = [trial for trial in watched if self._is_better(trial, metrics)]
            self._keep(better, step, metrics)
            found = [trial for trial in watched if self._has_waited(trial) or step >= self._steps]
            self._stop(found)
        for name, values in metrics.items():
            if values is not None and self.stopped.any():
                # A checkpoint that is older than a metric has none of its best evaluation.
                values[self.stopped] = self._record[name][self.stopped] if name in self._record else np.nan
        return found

    def hold(self) -> None:
        """After a step of the stack: the stopped trials are put back, as if they had not taken part in it."""
        if self._held is not None:
            positions, rows = self._held
            for tensor, own in zip(self._rows(), rows, strict=True):
                tensor.index_copy_(0, positions, own)

    def _is_better(self, trial: int, metrics: Mapping[str, Losses | None]) -> bool:
        rule = self._rules[trial]
        assert rule is not None
        values = metrics[rule["metric"]]
        assert values is not None, "the recipe's check asks for validation data"
        value, sign = float(values[trial]), 1 if evaluated(rule["metric"]).better == "lower" else -1
        best = self._best[trial]
        is_better = bool(np.isnan(best) or sign * (best - value) > rule["min_delta"])
        if is_better:
            self._best[trial] = value
        self._waited[trial] = 0 if is_better else self._waited[trial] + 1
        return is_better

    def _has_waited(self, trial: int) -> bool:
        rule = self._rules[trial]
        return rule is not None and bool(self._waited[trial] >= rule["patience"])

    def _keep(self, trials: list[int], step: int, metrics: Mapping[str, Losses | None]) -> None:
        """Keep what these trials are now."""
        if not trials:
            return
        self.best_step[trials] = step
        for name, values in metrics.items():
            if values is not None:
                self._record.setdefault(name, np.full_like(values, np.nan))[trials] = values[trials]
        if not self._kept:
            self._kept = [tensor.detach().clone() for tensor in self._rows()]
            return
        positions = self._positions(trials)
        for kept, tensor in zip(self._kept, self._rows(), strict=True):
            kept.index_copy_(0, positions, tensor.detach().index_select(0, positions))

    def _stop(self, trials: list[int]) -> None:
        self.stopped[trials] = True
        if self.stopped.any():
            positions = self._positions(np.flatnonzero(self.stopped).tolist())
            self._held = positions, [kept.index_select(0, positions) for kept in self._kept]
            self.hold()

    def _rows(self) -> list[torch.Tensor]:
        """Everything of the tensors that training changes, `[trials, ...]` each."""
        buffers = self._tensors.buffers
        return [self._tensors.weights, *(tensor for own in buffers.values() for tensor in own.values())]

    def _positions(self, trials: Sequence[int]) -> torch.Tensor:
        return torch.tensor(trials, dtype=torch.long, device=self._tensors.weights.device)

    # --- surviving ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """How far it has come, as plain data and tensors; empty where nobody is watched."""
        if not any(self._rules):
            return {}
        return {
            "stopped": self.stopped.tolist(),
            "best_step": self.best_step.tolist(),
            "best": self._best.tolist(),
            "waited": self._waited.tolist(),
            "judged": self._judged,
            "record": {name: values.tolist() for name, values in self._record.items()},
            "kept": self._kept,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `state` left it."""
        if not saved:
            return
        self.stopped[:], self.best_step[:] = saved["stopped"], saved["best_step"]
        self._best[:], self._waited[:], self._judged = saved["best"], saved["waited"], saved["judged"]
        self._record = {name: np.array(values, dtype=np.float32) for name, values in saved["record"].items()}
        self._kept = [kept.to(self._tensors.weights.device) for kept in saved["kept"]]
        self._stop([])
