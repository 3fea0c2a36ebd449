"""Greedy pre-training: layer upon layer, each learning on what those below make of the data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlbench.engine.batches import Data
from dlbench.engine.filter_snapshots import SAMPLES, FilterSnapshots, LayerPictures
from dlbench.engine.host_samples import pieces, whole
from dlbench.engine.pretraining.layer import Inputs, LayerTraining, Measured
from dlbench.engine.schedule import Pace, probe_steps
from dlbench.engine.slices import sliced
from dlbench.engine.stack_metrics import Sink, StackMetrics
from dlbench.engine.stack_pictures import IMAGE, dense_filters, through
from dlbench.engine.stacked import Stacked
from dlbench.engine.stacked_net import Tensors
from dlbench.errors import SetupError
from dlbench.metrics.names import PRETRAINED, RECONSTRUCTION_ERROR
from dlbench.parts.arguments import Settings
from dlbench.parts.outline import slots_of
from dlbench.parts.pretrained import pretrained_blocks
from dlbench.parts.pretraining.coder import Coder

POINTS = 24
"""Looks at a layer, dense at first, beside that at its end."""

FREE_SECONDS, SHARE = 0.1, 0.05
"""What looks at a layer may take: so many seconds, and so much of the time that it learns."""

SHOWN = (0.0, 1 / 16, 1 / 4, 1.0)
"""At which shares of a layer's steps its pictures are taken: the most happens early."""


class Greedy:
    """What `[train] pretrain` has a stack do before step 0; nothing where there is none.

    A layer that has learned hands its weights and hidden biases over to the net; its visible biases are kept beside them, for
    pictures only. `is_milestone`: a layer has been finished since whoever saves has taken that back.
    """

    def __init__(
        self, stack: Stacked, tensors: Tensors, data: Data, ledger: StackMetrics, write: Sink, *, slices: int = 1
    ) -> None:
        self._stack, self._data, self._ledger, self._write = stack, data, ledger, write
        self._settings = [own["train"].get("pretrain") for own in stack.settings]
        self._blocks = pretrained_blocks(stack.blocks, self._settings[0]) if self._settings[0] else []
        self._slots = {slot.name: slot.of(tensors.weights) for slot in slots_of(stack.blocks)}
        self._parts = sliced(len(stack.seeds), slices)
        self._visible: list[Tensor] = []  # biases of the layers that have learned, `[trials, 1, visible]` each
        self._pace = Pace()
        self._looked = 0.0  # seconds that looks at the present layer took
        self.seconds = 0.0
        self.gallery: FilterSnapshots | None = None
        self.is_milestone = False

    def train(self, index: int, pause: Callable[[], bool]) -> bool:
        """Have every layer learn that has not; `pause` is asked between chunks of steps, and stops it by answering True.

        Returns whether the end was reached, which is also there when no trial is left.
        """
        while self._blocks[len(self._visible) :] and not self._ledger.is_idle:
            layer = self._begin()
            for until in looks(layer.steps):
                while layer.step < until:
                    if pause():
                        return False
                    self._advance(layer, until)
                if self._wants(layer):
                    self._look(index, layer)
            self._hand_over(layer)
        return True

    def leave_out(self, index: int) -> None:
        """Say that the net is looked at without it, where there is any."""
        if self._blocks:
            names = ", ".join(block.name for block in self._blocks)
            text = f"pre-training is skipped: {names} are shown with their initial weights"
            self._write("note", stack=index, text=text)

    def _begin(self) -> LayerTraining:
        """The next layer, on top of those that have learned."""
        done = len(self._visible)
        self._pace, self._looked = Pace(), 0.0
        return LayerTraining(
            self._blocks[done], self._below(), self._settings, self._stack.seeds, self._inputs(), self._parts
        )

    def _below(self) -> list[Coder]:
        """The layers that have learned, from the input up."""
        is_gaussian = self._settings[0]["visible"] == "gaussian"
        return [
            Coder(
                self._slots[f"{block.name}.weight"],
                visible,
                self._slots[f"{block.name}.bias"],
                is_gaussian and not place,
            )
            for place, (block, visible) in enumerate(zip(self._blocks, self._visible, strict=False))
        ]

    def _inputs(self) -> Inputs:
        """What is learned from, and what is held out: the validation data, or else the test data."""
        data, pretrain = self._data, self._settings[0]
        train = whole(data.train.x)
        if pretrain["unlabelled"] == "all":
            assert data.everything is not None, "whoever loads the data knows what pre-training asks for"
            train = whole(data.everything)
        inputs = Inputs(train.flatten(1), whole((data.validation or data.test).x).flatten(1))
        if pretrain["visible"] == "bernoulli" and not 0 <= train.amin() <= train.amax() <= 1:
            span = f"{float(train.amin()):.4g} to {float(train.amax()):.4g}"
            raise SetupError(
                f'bernoulli units lie between 0 and 1, but the data go from {span}; pre-train with visible = "gaussian"'
            )
        return inputs

    def _advance(self, layer: LayerTraining, until: int) -> None:
        steps = min(until - layer.step, self._pace.chunk)
        self._pace.took(steps, layer.advance(layer.step + steps))

    def _wants(self, layer: LayerTraining) -> bool:
        """Whether to look now: always at both ends and where pictures are due, else where it has cost little so far."""
        allowed = FREE_SECONDS + SHARE * layer.seconds
        return layer.step in {*shown_at(layer.steps), layer.steps} or self._looked <= allowed

    def _look(self, index: int, layer: LayerTraining) -> None:
        """Tell how far the layer is, and what it is like."""
        started = time.perf_counter()
        measures = layer.measures()
        self._looked += time.perf_counter() - started
        self._ledger.pretrained(layer.name, measures[RECONSTRUCTION_ERROR])
        self._write(
            "pretrain",
            stack=index,
            layer=layer.name,
            place=len(self._visible) + 1,
            layers=len(self._blocks),
            step=layer.step,
            steps=layer.steps,
            epoch=round(layer.epoch, 4),
            seconds=round(self.seconds + layer.seconds, 4),
            **self._told(measures),
        )
        if self.gallery is not None and layer.step in shown_at(layer.steps):
            self._show(self.gallery, index, layer)

    def _told(self, measures: Measured) -> dict[str, NDArray[np.float32] | None]:
        """Every measure that there is, `None` where this layer has it not; NaN for trials that have no numbers any more."""
        known = {
            name: np.where(self._ledger.is_over, np.nan, values).astype(np.float32) for name, values in measures.items()
        }
        return {name: known.get(name) for name in PRETRAINED}

    def _hand_over(self, layer: LayerTraining) -> None:
        """The net goes on with what the layer has learned."""
        self._slots[f"{layer.name}.weight"].copy_(layer.coder.weights)
        self._slots[f"{layer.name}.bias"].copy_(layer.coder.hidden)
        self._visible.append(layer.coder.visible)
        self.seconds += layer.seconds
        self.is_milestone = True

    @torch.no_grad()
    def _show(self, gallery: FilterSnapshots, index: int, layer: LayerTraining) -> None:
        """Pictures of what goes up through all layers so far and comes down again; of the first layer, of its weights too."""
        held_out = (self._data.validation or self._data.test).x
        if len(held_out.shape) != 1 + IMAGE:
            return
        held_out = next(pieces(held_out, SAMPLES))
        coders = [*self._below(), layer.coder]
        images = through(coders, held_out, len(self._stack.seeds))
        if len(coders) == 1:
            images["filters"] = dense_filters(layer.coder.weights, held_out.shape[1:])
        gallery.write(index, layer.step, "pretrain", LayerPictures(layer.name, images))

    # --- surviving ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Which layers have learned, for a checkpoint; the net has their weights."""
        return {"visible": self._visible, "seconds": self.seconds}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on where `state` left it, in the layer that had not been finished from its beginning."""
        device = self._data.test.labels.device
        self._visible = [one.to(device) for one in saved.get("visible", [])]
        self.seconds = saved.get("seconds", 0.0)


def wants_everything(train: Settings) -> bool:
    """Whether `[train]` asks for the samples too that a limit leaves out."""
    return (train.get("pretrain") or {}).get("unlabelled") == "all"


def looks(steps: int) -> list[int]:
    """The steps of a layer before which it is looked at, 0 and the last (`steps`, after the end) among them."""
    return sorted({*probe_steps(steps, POINTS), *shown_at(steps), steps})


def shown_at(steps: int) -> set[int]:
    """Those before which its pictures are taken."""
    return {round(share * steps) for share in SHOWN}
