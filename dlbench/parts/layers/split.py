"""Split and merge: several ways for one signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from dlbench.parts.arguments import Layers
from dlbench.parts.layers.base import LAYERS, Branch, Shape, ShapeError
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode


@LAYERS.add()
class Split:
    """Send one signal through several chains of layers and merge what they make of it (Szegedy et al. 2015).

    `concat` lays the outputs side by side, along the features of features and sequences or the channels of images; `add` and
    `mean` need equal shapes. Of the `branches`, each a list of layers, an empty one `[]` hands the signal on as it is.

    branches: the chains, each a list of layers; [] hands the signal on.
    merge: how their outputs come together.
    """

    def __init__(self, *, branches: list[Layers], merge: Literal["concat", "add", "mean"] = "concat") -> None:
        if len(branches) < 2:
            raise ValueError(f"'split' needs at least two branches, but has {len(branches)}")
        self.chains = branches
        self.how = merge

    def branches(self, shape: Shape, after: Callable[[Branch], Shape]) -> Sequence[Branch]:
        """The branches as they are written."""
        del shape, after
        return [Branch(("branches", index), chain) for index, chain in enumerate(self.chains)]

    def merged(self, shapes: Sequence[Shape]) -> Shape:
        """`concat`: features or channels together, the rest equal; else the one shape; raises `ShapeError`."""
        first, told = shapes[0], ", ".join(map(str, shapes))
        if self.how != "concat":
            if any(shape != first for shape in shapes):
                raise ShapeError(f"'split' can {self.how} equal shapes only, but its branches end in {told}")
            return first
        axis = _joint(first)
        if any(_without(shape, axis) != _without(first, axis) for shape in shapes):
            what = "channels" if len(first) == 3 else "features"
            raise ShapeError(
                f"'split' can concat shapes that differ in their {what} only, but its branches end in {told}"
            )
        return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])

    def merge(self, outputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """One `[trials, batch, *merged]`."""
        if self.how == "concat":
            return torch.cat(list(outputs), dim=2 + _joint(outputs[0].shape[2:]))
        total = torch.stack(list(outputs)).sum(dim=0)
        return total if self.how == "add" else total / len(outputs)

    def merged_as_torch(self, outputs: Sequence[str], shape: Shape) -> TorchCode:
        """The outputs side by side, their sum or their mean."""
        total = " + ".join(outputs)
        ways = {"add": total, "mean": f"({total}) / {len(outputs)}"}
        return TorchCode(call=ways.get(self.how, f"torch.cat([{', '.join(outputs)}], dim={1 + _joint(shape)})"))


def _joint(shape: Shape) -> int:
    """The axis along which outputs are laid side by side: the last of `(time, features)`, else the first."""
    return 1 if len(shape) == 2 else 0


def _without(shape: Shape, axis: int) -> tuple[int, Shape]:
    return len(shape), (*shape[:axis], *shape[axis + 1 :])
