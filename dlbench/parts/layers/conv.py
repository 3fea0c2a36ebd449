"""The convolutional layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge

from dlbench.parts.activations import bind, slope, torch_code
from dlbench.parts.arguments import Activation, Init, Settings, Sides, Takes
from dlbench.parts.layers.base import LAYERS, LayerContext, Shape, Stateless, Weight
from dlbench.parts.layers.images import Padding, around, folded, pair, places, unfolded
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode, arguments, sides, without_bias


@LAYERS.add(alone_on_cpu=True)
class Conv(Stateless):
    """Apply small kernels at every position of an image: y = f(x * W + b), one output channel for each of `channels` kernels.

    `x` is `[trials, batch, in, height, width]`, `W` is `[trials, channels, in, *kernel]`, `b` is `[trials, channels]`; `*` is the
    cross-correlation that everybody calls convolution. `kernel` and `stride` are one number or `[height, width]`. With
    `padding = "same"` there are `ceil(size / stride)` places, zeros being put around the image (of an odd number one more
    below and to the right, as in TensorFlow); `"valid"` puts none, a number that many on each side. Fans count the kernel:
    fan_in = in * height * width, fan_out = channels * height * width. Activation, init and bias_init are the model's unless given.

    channels: how many kernels there are, each with a channel of the output.
    kernel: the side of the window, or [height, width].
    stride: how far the window moves each time, or [height, width].
    padding: how the edge is treated: "same", "valid" or so many zeros on each side.
    """

    def __init__(  # noqa: PLR0913  # what a convolution is made of
        self,
        *,
        channels: Annotated[int, Ge(1)],
        kernel: Sides,
        stride: Sides = 1,
        padding: Annotated[
            Padding | Annotated[int, Ge(0)], Takes('"same", "valid" or a whole number of at least 0')
        ] = "same",
        activation: Activation | None = None,
        init: Init | None = None,
        bias: bool = True,
        bias_init: Init | None = None,
    ) -> None:
        self.channels = channels
        self.kernel = pair(kernel)
        self.stride = pair(stride)
        self.padding: Padding | int = padding
        self.activation: Settings = activation or {"kind": "identity"}
        self.activate = bind(self.activation)
        self.init: Settings = init or {"kind": "torch_default"}
        self.bias = bias
        self.bias_init: Settings = bias_init or {"kind": "zeros"}

    def output(self, shape: Shape) -> Shape:
        """`(channels, rows, columns)`; raises `ShapeError` on anything but images that the kernel fits into."""
        return (self.channels, *places("conv", shape, self.kernel, self.stride, self.padding))

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """`W` of `(channels, in, *kernel)`, used at every place, and, with bias, `b` of `(channels,)`."""
        _, rows, columns = self.output(shape)
        height, width = self.kernel
        fan_in, fan_out = shape[0] * height * width, self.channels * height * width
        size = (self.channels, shape[0], height, width)
        leak = slope(self.activation)
        weights = {"weight": Weight(size, fan_in, fan_out, self.init, uses=rows * columns, slope=leak)}
        if self.bias:
            weights["bias"] = Weight((self.channels,), fan_in, fan_out, self.bias_init, is_bias=True)
        return weights

    def as_torch(self, shape: Shape) -> TorchCode:
        """`nn.Conv2d`, behind the zeros that it cannot put around the image itself."""
        (top, bottom), (left, right) = (
            around(size, side, step, self.padding)
            for size, side, step in zip(shape[1:], self.kernel, self.stride, strict=True)
        )
        is_even = (top, left) == (bottom, right)
        given = arguments(
            shape[0],
            self.channels,
            sides(self.kernel),
            stride=None if self.stride == (1, 1) else sides(self.stride),
            padding=sides((top, left)) if is_even and (top, left) != (0, 0) else None,
            bias=without_bias(self.bias),
        )
        x = "{x}" if is_even else f"F.pad({{x}}, {(left, right, top, bottom)})"
        return TorchCode(f"nn.Conv2d({given})", f"{{module}}({x})", torch_code(self.activation))

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """`[trials, batch, in, height, width]` to `[trials, batch, channels, rows, columns]`."""
        del place
        return self.activate(self.pre_activation(x, weights))

    def pre_activation(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """x * W + b: one grouped convolution for the whole stack; on a CPU, where that gains nothing, trial by trial."""
        weight, bias = weights["weight"], weights.get("bias")
        if x.device.type != "cpu":
            return self.grouped(x, weight, bias)
        if len(x) == 1:
            # Not indexed: the way back of an index fills a whole stack with zeros first.
            return self._alone(x.squeeze(0), weight.squeeze(0), None if bias is None else bias.squeeze(0)).unsqueeze(0)
        biases = [None] * len(x) if bias is None else bias
        return torch.stack([self._alone(*own) for own in zip(x, weight, biases, strict=True)])

    def _alone(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """The convolution of one trial on a CPU.

        A copy of the kernels has its channels innermost in memory, even a single one: by its strides torch lays out the output,
        and all that follows is a third faster.
        """
        return self._convolved(x, weight.clone(memory_format=torch.channels_last), bias)

    def grouped(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """The convolution of all trials at once, each a group of channels that sees no other."""
        trials = len(x)
        return unfolded(
            self._convolved(folded(x), weight.flatten(0, 1), None if bias is None else bias.flatten(), groups=trials),
            trials,
        )

    def _convolved(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, groups: int = 1
    ) -> torch.Tensor:
        """`[batch, in, height, width]` to `[batch, channels, rows, columns]`."""
        (top, bottom), (left, right) = (
            around(size, side, step, self.padding)
            for size, side, step in zip(x.shape[2:], self.kernel, self.stride, strict=True)
        )
        padding, stride = (top, left), self.stride
        if padding != (bottom, right):
            x, padding = torch.nn.functional.pad(x, (left, right, top, bottom)), (0, 0)
        if self.kernel == (1, 1) and padding == (0, 0):
            # The same numbers. torch's own way back of a pointwise convolution with a stride (oneDNN's, channels innermost,
            # their number no multiple of 8) writes beyond its memory.
            x, stride = x[..., :: stride[0], :: stride[1]], (1, 1)
        return torch.nn.functional.conv2d(x, weight, bias, stride, padding, groups=groups)
