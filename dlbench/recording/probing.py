"""One probed step of a recording: what is kept before it, what is measured after it, and how that becomes a `probe` event."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dlbench.engine.devices import precise
from dlbench.engine.log_histogram import rounded
from dlbench.measures.names import HISTOGRAM, MISSING, UNCLIPPED, ZEROS
from dlbench.recording.backward import BackwardWatch
from dlbench.recording.budget import Stopwatch
from dlbench.recording.layers import RecordedLayer
from dlbench.recording.norms import bins_of, local, norms, power_counts, update_norms
from dlbench.recording.outputs import OUTPUT_MEASURES, SIZE, Moments

GRADIENT, LEFT, WEIGHT, UPDATE = "gradient", "left", "weight", "update"
"""Kinds of norms. `LEFT` is that of a gradient as the way back has left it, where it was changed before the step."""

SAME = 1e-6
"""Relative: norms before and after that differ by less were not clipped, but divided by a scale, or nothing."""

Numbers = NDArray[np.float64]


class ProbedStep:
    """Gathers one step's numbers on their devices, optimizer by optimizer, and copies them to the host once.

    A parameter counts with the gradient that its optimizer was about to use. One without a gradient has neither that nor an
    update, and a layer of which no parameter has one has none: missing, not 0.
    """

    def __init__(
        self, layers: Sequence[RecordedLayer], stopwatch: Stopwatch, backward: BackwardWatch | None = None
    ) -> None:
        """`backward` knows gradients as the way back has left them."""
        self._layers, self._stopwatch, self._backward = layers, stopwatch, backward
        self.is_clipped: bool | None = None
        """Whether gradients were made smaller before the step; `None` where nothing changed them, or nobody knows."""
        self._row = {id(one): row for row, layer in enumerate(layers) for one in layer.weights}
        self._before: dict[nn.Parameter, Tensor] = {}
        self._moving: list[nn.Parameter] = []
        self._seen: set[int] = set()
        """The parameters with a gradient that was measured."""
        self._weighed: set[int] = set()
        """The parameters whose own norm was measured."""
        self._is_scaled = self._is_touched = False
        self._norms: list[tuple[str, int, Tensor]] = []
        """Which norm, of which row, and the number on its device."""
        self._counts: list[tuple[list[int], Tensor]] = []
        """Of each optimizer, the rows of its gradients, and how many of each one's numbers have which power of two."""

    @torch.no_grad()
    def keep_weights(self, parameters: Iterable[nn.Parameter]) -> None:
        """Before the weights move: remember them."""
        with self._stopwatch:
            own = [one for one in parameters if id(one) in self._row and id(one) not in self._weighed]
            self._before |= {one: local(one).clone() for one in own if one not in self._before}

    @torch.no_grad()
    def measure_gradients(self, parameters: Iterable[nn.Parameter], scale: Tensor | None = None) -> None:
        """Before the weights move: their gradients, which are `scale` times too large where one is given."""
        with self._stopwatch:
            own = [
                one for one in parameters if id(one) in self._row and id(one) not in self._seen and one.grad is not None
            ]
            self._seen |= {id(one) for one in own}
            self._moving += own
            gradients = [local(one.grad) for one in own if one.grad is not None]
            self._keep_left(own)
            if scale is not None:
                self._is_scaled = True
                gradients = [one.to(torch.float32) / scale.to(one.device, torch.float32) for one in gradients]
            rows = [self._row[id(one)] for one in own]
            self._norms += [(GRADIENT, row, norm) for row, norm in zip(rows, norms(gradients), strict=True)]
            if gradients:
                self._counts.append((rows, power_counts(gradients)))

    def _keep_left(self, parameters: Sequence[nn.Parameter]) -> None:
        """The norms of gradients as the way back has left them; of layers where that is not known of all weights none."""
        if self._backward is None:
            return
        left = {id(one): found for one in parameters if (found := self._backward.left(one)) is not None}
        if left:
            self._is_touched |= any(id(one) in left and not left[id(one)].is_in(one) for one in parameters)
            scale = self._backward.scale()
            unknown = {self._row[id(one)] for one in parameters if id(one) not in left}
            rows = {key: self._row[key] for key in left if self._row[key] not in unknown}
            self._norms += [(LEFT, row, left[key].norm / scale) for key, row in rows.items()]

    @torch.no_grad()
    def measure_updates(self) -> None:
        """After weights have moved: how far those did whose gradients were measured since the last time."""
        with self._stopwatch:
            self._weigh(self._before)
            moved = [one for one in self._moving if one in self._before]
            found = update_norms([local(one) for one in moved], [self._before[one] for one in moved])
            self._norms += [(UPDATE, self._row[id(one)], norm) for one, norm in zip(moved, found, strict=True)]
            self._before, self._moving = {}, []

    @torch.no_grad()
    def finish(self, outputs: Mapping[int, Sequence[Moments]]) -> dict[str, Any]:
        """The fields of the `probe` event, `[1][layers]` each; measures that no layer has are left out."""
        with self._stopwatch:
            # What no optimizer moves, frozen layers first of all, has its weights as they are.
            every = [one for layer in self._layers for one in layer.weights]
            self._weigh({one: local(one) for one in every if id(one) not in self._weighed})
            calls = [(row, size, moments) for row, found in outputs.items() for size, moments in found]
            host = _on_host(
                [
                    *(norm for _, _, norm in self._norms),
                    *(one for _, _, one in calls),
                    *(one for _, one in self._counts),
                ]
            )
            of_weights, of_calls, counts = np.split(host, np.cumsum([len(self._norms), SIZE * len(calls)]))
            fields = self._of_weights(of_weights) | self._of_outputs(calls, of_calls.reshape(-1, SIZE))
            # Gradients that are NaN in all layers are told: they are what kills the net. Where a scaler finds some, the step is
            # left out, and so are its numbers.
            has_gradients = not self._is_scaled and any(kind == GRADIENT for kind, _, _ in self._norms)
            told = {
                name: rounded(values.astype(np.float32))
                for name, values in fields.items()
                if not np.isnan(values).all() or (name == "gradient_norm" and has_gradients)
            }
            if (missing := self._missing()).any():
                told[MISSING] = missing
            histograms = self._histograms(counts)
        return {name: values[np.newaxis] for name, values in (told | histograms).items()}

    def _weigh(self, weights: Mapping[nn.Parameter, Tensor]) -> None:
        self._weighed |= {id(one) for one in weights}
        found = norms(list(weights.values()))
        self._norms += [(WEIGHT, self._row[id(one)], norm) for one, norm in zip(weights, found, strict=True)]

    def _of_weights(self, found: Numbers) -> dict[str, Numbers]:
        """One norm a row of all its weights together; NaN where nothing was found."""
        squares = {kind: np.full(len(self._layers), np.nan) for kind in (GRADIENT, LEFT, WEIGHT, UPDATE)}
        for (kind, row, _), norm in zip(self._norms, found, strict=True):
            squares[kind][row] = norm**2 + (0.0 if math.isnan(squares[kind][row]) else squares[kind][row])
        gradient, left, weight, update = (np.sqrt(squares[kind]) for kind in (GRADIENT, LEFT, WEIGHT, UPDATE))
        fields = {"gradient_norm": gradient, "weight_norm": weight}
        with np.errstate(divide="ignore", invalid="ignore"):
            fields["update_ratio"] = update / weight
            is_other = bool((np.abs(gradient - left) > left * SAME).any())
            if is_other or self._is_touched:
                self.is_clipped = bool((gradient < left * (1 - SAME)).any())
        return fields | ({UNCLIPPED: left} if is_other else {})

    def _missing(self) -> NDArray[np.float32]:
        """1 for each layer whose weights are trained and had no gradient in this step."""
        found = {row for kind, row, _ in self._norms if kind == GRADIENT}
        trained = [any(one.requires_grad for one in layer.weights) for layer in self._layers]
        return np.array([own and row not in found for row, own in enumerate(trained)], np.float32)

    def _of_outputs(self, calls: Sequence[tuple[int, int, Tensor]], moments: Numbers) -> dict[str, Numbers]:
        """The numbers of all calls of a layer as if they were one."""
        own: dict[int, list[int]] = defaultdict(list)
        for index, (row, _, _) in enumerate(calls):
            own[row].append(index)
        fields = {name: np.full(len(self._layers), np.nan) for name in OUTPUT_MEASURES}
        sizes = np.array([size for _, size, _ in calls], np.float64)
        for row, indices in own.items():
            share = sizes[indices] / sizes[indices].sum()
            mean, variance, zeros, near, spread = moments[indices].T
            whole = float(share @ mean)
            deviation = math.sqrt(max(float(share @ (variance + (mean - whole) ** 2)), 0.0))
            values = (whole, deviation, share @ zeros, share @ near, share @ spread)
            for name, value in zip(OUTPUT_MEASURES, values, strict=True):
                fields[name][row] = value
        return fields

    def _histograms(self, counts: Numbers) -> dict[str, NDArray[np.int64]]:
        if not self._counts:
            return {}
        rows = [row for own, _ in self._counts for row in own]
        of_tensors = counts.reshape(len(rows), -1)
        every = np.zeros((len(self._layers), of_tensors.shape[1]), np.int64)
        np.add.at(every, rows, of_tensors.astype(np.int64))
        inside, zeros = bins_of(every)
        return {HISTOGRAM: inside, ZEROS: zeros}


def _on_host(parts: Sequence[Tensor]) -> Numbers:
    """All numbers in a row; one copy from each device."""
    if not parts:
        return np.empty(0)
    device = parts[0].device
    together = torch.cat([part.detach().reshape(-1).to(device, precise(device)) for part in parts])
    return together.cpu().numpy().astype(np.float64)
