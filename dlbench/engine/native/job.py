"""What goes over to the loop in C: the structures of loop.c, and a stack's layers and data as it takes them."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from dlbench.engine.batches import DataSplit
from dlbench.engine.host_samples import whole
from dlbench.engine.native.build import SOURCE
from dlbench.engine.native.tables import number
from dlbench.parts.activations import ACTIVATIONS as ACTIVATION_PARTS
from dlbench.parts.outline import Block, slots_of
from dlbench.parts.tasks import Task
from dlbench.plan.native import ACTIVATIONS, LOSSES

TYPES = {"int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "double": ctypes.c_double}


def _structure(name: str) -> Any:
    """A structure of loop.c by its name there; where something lies is a number to Python."""
    source = re.sub(r"/\*.*?\*/", "", SOURCE.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = re.search(rf"typedef struct {{([^}}]*)}} {name};", source)
    assert lines is not None
    fields = [
        (field.strip(" *"), ctypes.c_void_p if "*" in field else TYPES[kind])
        for kind, names in re.findall(r"(\w+) ([^;]+);", lines[1])
        for field in names.split(",")
    ]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


LayerStruct, JobStruct = _structure("layer"), _structure("job")


class NativeJob:
    """A job whose net and data are filled in; it keeps alive what it points to."""

    def __init__(self, blocks: Sequence[Block], weights: Tensor, data: DataSplit, task: Task) -> None:
        trials, width = weights.shape
        self.weights = weights
        self.layers = [block for block in blocks if block.probed]
        self._kept: list[Tensor] = []
        self.chain = (LayerStruct * len(self.layers))(*self._drawn(blocks, trials))
        x = whole(data.x).flatten(1)
        sizes = [x.shape[1], *(layer.units for layer in self.chain)]
        self.struct = JobStruct(
            trials=trials,
            width=width,
            parameters=sum(block.parameters for block in blocks),
            layers=len(self.layers),
            features=x.shape[1],
            outputs=task.outputs,
            widest=max(sizes),
            sum=sum(sizes),
            loss=LOSSES.index(task.settings["kind"]),
            delta=getattr(task.loss, "delta", 0.0),
            samples=len(data),
            chain=ctypes.addressof(self.chain),
            x=self._at(x),
            targets=self._at(_targets(data.labels, task)),
            counts=None if task.weights is None else self._at(task.weights[data.labels]),
            weights=weights.data_ptr(),
        )

    @property
    def address(self) -> int:
        """Where the job itself lies."""
        return ctypes.addressof(self.struct)

    def _at(self, tensor: Tensor) -> int:
        """Where a tensor lies as floats one after the other."""
        self._kept.append(tensor.to(torch.float32).contiguous())
        return self._kept[-1].data_ptr()

    def _drawn(self, blocks: Sequence[Block], trials: int) -> list[Any]:
        starts, found = {slot.name: slot.start for slot in slots_of(blocks)}, []
        for block in self.layers:
            activation = getattr(block.layer, "activation", None) or {"kind": "identity"}
            takes = [
                number(ACTIVATION_PARTS, activation, name) for name in ACTIVATION_PARTS[activation["kind"]].arguments
            ]
            found.append(
                LayerStruct(
                    inputs=prod(block.input),
                    units=prod(block.output),
                    activation=ACTIVATIONS.index(activation["kind"]),
                    is_dense=bool(block.weights),
                    weight=starts.get(f"{block.name}.weight", -1),
                    bias=starts.get(f"{block.name}.bias", -1),
                    scale=self._at(torch.as_tensor(takes[0]).expand(trials)) if takes else None,
                )
            )
        return found


def _targets(labels: Tensor, task: Task) -> Tensor:
    """What outputs are held against, `[samples, outputs]`: of classes 1 at the own one."""
    targets = task.targets(labels[None])[0]
    return targets if targets.dim() > 1 else torch.nn.functional.one_hot(targets, task.outputs)
