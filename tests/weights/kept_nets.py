"""Trials that never trained, with weights drawn at random: any net of the catalogue, and what the engine says of inputs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray

from dlbench import plugins
from dlbench.engine.stacked_net import Net, Tensors, allocate
from dlbench.parts.outline import outline, slots_of
from dlbench.plan import Candidate, Trial
from dlbench.run.folder import RunFolder
from dlbench.run.weights import TrialWeights
from dlbench.weights.kept import KeptTrial
from dlbench.weights.net_file import net_file

DENSE = {
    "init": {"kind": "xavier", "distribution": "uniform", "fan": "avg"},
    "bias_init": {"kind": "zeros"},
    "bias": True,
}
SAMPLES = 7


@dataclass(frozen=True)
class KeptNet:
    """A trial, and the engine's net of it with the same weights."""

    trial: KeptTrial
    net: Net

    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        """What the engine says in an evaluation, `[samples, outputs]`."""
        with torch.no_grad():
            return self.net.forward(x.unsqueeze(0), training=False)[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """One sample's."""
        return self.trial.task.source.shape

    def inputs(self) -> torch.Tensor:
        """A few samples, `[samples, *shape]`."""
        return torch.randn(SAMPLES, *self.shape, generator=torch.Generator().manual_seed(1))


def kept_net(
    layers: Sequence[dict[str, Any]],
    shape: Sequence[int],
    *,
    classes: int = 3,
    loss: str = "cross_entropy",
    data: dict[str, NDArray[Any]] | None = None,
    targets: Sequence[str] = (),
    names: Sequence[str] = (),
    drawn: bool = True,
) -> KeptNet:
    """The net of these layers and an output layer, its weights normal, its variances positive; or not `drawn` as it begins."""
    units = len(targets) or (1 if classes == 2 else classes)
    model = {"layers": list(layers), "output": {**DENSE, "units": units}}
    settings = {"data": {"kind": "xor"}, "model": model, "train": {"loss": {"kind": loss}}}
    blocks = outline(model, tuple(shape), units)
    tensors = allocate([blocks], [0], torch.device("cpu"))
    if drawn:
        _draw(tensors)
    facts = {
        "task": "regression" if targets else "classification",
        "shape": list(shape),
        "class_names": [] if targets else list(names or map(str, range(classes))),
        "feature_names": [],
        "targets": list(targets),
        "form": {},
    }
    kept = TrialWeights(_arrays(blocks, tensors), 5, data or {}, facts)
    candidate, trial = Candidate("a", {}, settings), Trial("id", "a", {}, 0, 0)
    return KeptNet(KeptTrial(RunFolder(Path("case/1")), trial, candidate, kept), Net(blocks, tensors))


def _draw(tensors: Tensors) -> None:
    """Other numbers than any net begins with."""
    drawn = torch.Generator().manual_seed(0)
    tensors.weights.copy_(torch.randn(tensors.weights.shape, generator=drawn) * 0.7)
    for own in tensors.buffers.values():
        for name, buffer in own.items():
            noise = torch.rand(buffer.shape, generator=drawn)
            buffer.copy_(noise + 0.5 if name == "variance" else noise)


def _arrays(blocks: Sequence[Any], tensors: Tensors) -> dict[str, NDArray[np.float32]]:
    found = {slot.name: slot.of(tensors.weights)[0].numpy() for slot in slots_of(blocks)}
    return found | {
        f"{block}.{name}": buffer[0].numpy() for block, own in tensors.buffers.items() for name, buffer in own.items()
    }


def module_of(text: str, name: str = "net") -> ModuleType:
    """Code as a module; a file of parts that it imports is the one that was loaded."""
    files = {Path(file.path).stem: sys.modules[plugins._module_name(file)] for file in plugins.loaded()}
    module = ModuleType(name)
    with patch.dict(sys.modules, files):
        exec(compile(text, f"{name}.py", "exec"), module.__dict__)  # it is what is tested
    return module


def code_of(one: KeptTrial) -> str:
    """The trial's `net.py`."""
    return net_file(one, "case, variant 'a'", "seed-0.safetensors")
