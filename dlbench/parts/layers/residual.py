"""The residual block: the lecture's fast forward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from dlbench.parts.activations import bind, torch_code
from dlbench.parts.arguments import Activation, Init, Layers, Settings
from dlbench.parts.layers.base import LAYERS, Branch, Shape, ShapeError
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode

IDENTITY = {"kind": "identity"}


@LAYERS.add(branches=("layers", "shortcut"), merge="add")
class Residual:
    """Let the signal skip some layers: y = f(x + F(x)), with F the `layers` (He et al. 2016, equation 1).

    Where F changes the shape, the skipping signal goes through a projection, y = f(P x + F(x)) (equation 2): a dense layer, or
    a convolution with a kernel of 1 and the stride that fits; both without bias. `shortcut = "identity"` refuses that,
    `"projection"` asks for it always. The activation f and the projection's init are the model's unless given. With
    `activation = "identity"`, and norm and activation before each product inside, it is the pre-activation form (He et al.
    2016b, figure 4e).

    layers: what F is made of.
    shortcut: how the signal skips F: "auto" projects it where shapes differ.
    activation: f, after the sum; the model's unless given.
    init: how the projection's weights start; the model's unless given.
    """

    def __init__(
        self,
        *,
        layers: Layers,
        shortcut: Literal["auto", "identity", "projection"] = "auto",
        activation: Activation | None = None,
        init: Init | None = None,
    ) -> None:
        if not layers:
            raise ValueError("'residual' needs at least one layer in 'layers'")
        self.inside = layers
        self.shortcut = shortcut
        self.activation = activation or IDENTITY
        self.activate = bind(self.activation)
        self.init = init or {"kind": "torch_default"}

    def branches(self, shape: Shape, after: Callable[[Branch], Shape]) -> Sequence[Branch]:
        """The layers, and beside them the shortcut: empty, or a projection to the shape in which the layers end."""
        body = Branch(("layers",), self.inside)
        output = after(body)
        if self.shortcut == "identity" or (self.shortcut == "auto" and output == shape):
            return [body, Branch((), [])]
        return [body, Branch((), [{**_projection(shape, output), "init": self.init}], "shortcut")]

    def merged(self, shapes: Sequence[Shape]) -> Shape:
        """The shape of both; raises `ShapeError` where they differ."""
        inside, beside = shapes
        if inside != beside:
            raise ShapeError(
                f"'residual' adds its input {beside} to the output of its layers, {inside}; make them equal, "
                'or write shortcut = "auto" for a projection'
            )
        return inside

    def merge(self, outputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """f(F(x) + x), all `[trials, batch, *shape]`."""
        inside, beside = outputs
        return self.activate(inside + beside)

    def merged_as_torch(self, outputs: Sequence[str], shape: Shape) -> TorchCode:
        """The sum, and the activation."""
        del shape
        return TorchCode(call=" + ".join(outputs), activation=torch_code(self.activation))


def _projection(shape: Shape, output: Shape) -> Settings:
    """The settings of a layer without bias and activation from one shape to the other; raises `ShapeError` if there is none."""
    plain = {"activation": IDENTITY, "bias": False}
    if len(shape) == len(output) == 1:
        return {"kind": "dense", "units": output[0], **plain}
    if len(shape) == len(output) == 3:
        # Of the strides that lead to so many places, ceil(size / stride) of them, the smallest.
        stride = [-(-before // wanted) for before, wanted in zip(shape[1:], output[1:], strict=True)]
        if all(
            -(-before // step) == wanted for before, step, wanted in zip(shape[1:], stride, output[1:], strict=True)
        ):
            steps = stride[0] if stride[0] == stride[1] else stride
            return {"kind": "conv", "channels": output[0], "kernel": 1, "stride": steps, "padding": "same", **plain}
    raise ShapeError(
        f"'residual' has no projection from its input {shape} to the output of its layers, {output}; "
        'make them equal, or leave images whole divisions of their sides (padding = "same")'
    )
