"""Pooling: many places of an image become one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from dlbench.parts.arguments import Sides
from dlbench.parts.layers.base import LAYERS, LayerContext, Shape, ShapeError, Stateless
from dlbench.parts.layers.images import Padding, Pair, around, folded, pair, places, refusal, unfolded
from dlbench.parts.lazy import torch
from dlbench.parts.torch_code import TorchCode, arguments, sides


class _Pool(Stateless, ABC):
    """A window that is laid on every channel by itself, all trials at once."""

    name: str
    TORCH: ClassVar[str]
    """torch's own module."""
    TORCH_WANTS: ClassVar[dict[str, bool]] = {}
    """Arguments that it always has."""

    def __init__(self, kernel: Sides, stride: Sides | None, padding: Padding) -> None:
        self.kernel = pair(kernel)
        self.stride = self.kernel if stride is None else pair(stride)
        self.padding: Padding = padding

    def output(self, shape: Shape) -> Shape:
        """`(channels, rows, columns)`; raises `ShapeError` on anything but images that the window fits into."""
        rows, columns = places(self.name, shape, self.kernel, self.stride, self.padding)
        return shape[0], rows, columns

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """`[trials, batch, channels, height, width]` to `[trials, batch, channels, rows, columns]`."""
        del weights, place
        down, right = (_laid(*side, self.padding) for side in zip(x.shape[3:], self.kernel, self.stride, strict=True))
        images = folded(x)
        y = self.pooled(images, (down.around, right.around), hangs_over=self.padding == "same")
        if y.requires_grad and images.is_contiguous(memory_format=torch.channels_last):
            # torch would lay out the large gradient of the images, not this small one, as the other is.
            y.register_hook(_by_pixels)  # type: ignore[no-untyped-call]
        return unfolded(y[..., down.too_many :, right.too_many :], len(x))

    def as_torch(self, shape: Shape) -> TorchCode:
        """torch's own module, and what it makes too many is cut off."""
        down, right = (_laid(*side, self.padding) for side in zip(shape[1:], self.kernel, self.stride, strict=True))
        padding = (down.around, right.around)
        given = arguments(
            sides(self.kernel),
            stride=None if self.stride == self.kernel else sides(self.stride),
            padding=None if padding == (0, 0) else sides(padding),
            ceil_mode=True if self.padding == "same" else None,
            **self.TORCH_WANTS,
        )
        cut = f"[..., {down.too_many}:, {right.too_many}:]" if down.too_many or right.too_many else ""
        return TorchCode(f"nn.{self.TORCH}({given})", "{module}({x})" + cut)

    @abstractmethod
    def pooled(self, x: torch.Tensor, padding: Pair, *, hangs_over: bool) -> torch.Tensor:
        """torch's own pooling of `[batch, channels, height, width]`, the same padding on both sides."""


def _by_pixels(gradient: torch.Tensor) -> torch.Tensor:
    """The same with its channels innermost in memory."""
    return gradient.contiguous(memory_format=torch.channels_last)


class _Laid(NamedTuple):
    """How torch, which pads both sides alike, is brought to lay windows along a side as `same` does.

    Where one number more is padded after than before, either the last window hangs over, or, with a stride of 1, `around`
    is the larger number, which makes one window `too_many` at the beginning.
    """

    around: int
    too_many: int


def _laid(size: int, kernel: int, stride: int, padding: Padding) -> _Laid:
    before, after = around(size, kernel, stride, padding)
    return _Laid(after, after - before) if stride == 1 else _Laid(before, 0)


@LAYERS.add()
class MaxPool(_Pool):
    """Keep the largest number in each window of size `kernel`, channel by channel.

    `kernel` and `stride` are one number or `[height, width]`; the stride is the kernel's size unless given, so that windows lie
    side by side. With `padding = "same"` there are `ceil(size / stride)` windows, and those that hang over the edge take the
    largest of what lies inside; `"valid"` leaves out what fills no window.

    kernel: the side of the window, or [height, width].
    stride: how far the window moves; the kernel's size unless given.
    padding: "same" keeps windows that hang over the edge, "valid" leaves them out.
    """

    name = "max_pool"
    TORCH = "MaxPool2d"

    def __init__(self, *, kernel: Sides, stride: Sides | None = None, padding: Padding = "valid") -> None:
        super().__init__(kernel, stride, padding)

    def pooled(self, x: torch.Tensor, padding: Pair, *, hangs_over: bool) -> torch.Tensor:
        """The largest of each window."""
        return torch.nn.functional.max_pool2d(x, self.kernel, self.stride, padding, ceil_mode=hangs_over)


@LAYERS.add()
class AvgPool(_Pool):
    """Take the mean of each window of size `kernel`, channel by channel.

    `kernel` and `stride` are one number or `[height, width]`; the stride is the kernel's size unless given. With `padding =
    "same"` there are `ceil(size / stride)` windows, and those that hang over the edge take the mean of what lies inside, as in
    TensorFlow; `"valid"` leaves out what fills no window.

    kernel: the side of the window, or [height, width].
    stride: how far the window moves; the kernel's size unless given.
    padding: "same" keeps windows that hang over the edge, "valid" leaves them out.
    """

    name = "avg_pool"
    TORCH = "AvgPool2d"
    TORCH_WANTS: ClassVar[dict[str, bool]] = {"count_include_pad": False}

    def __init__(self, *, kernel: Sides, stride: Sides | None = None, padding: Padding = "valid") -> None:
        super().__init__(kernel, stride, padding)

    def pooled(self, x: torch.Tensor, padding: Pair, *, hangs_over: bool) -> torch.Tensor:
        """The mean of each window's part inside of the image."""
        return torch.nn.functional.avg_pool2d(
            x, self.kernel, self.stride, padding, ceil_mode=hangs_over, count_include_pad=False
        )


@LAYERS.add()
class GlobalPool(Stateless):
    """Make one feature of every channel: its mean over the whole image, or its largest number (Lin et al. 2014).

    pool: whether the mean or the largest number of a channel is kept.
    """

    def __init__(self, *, pool: Literal["avg", "max"] = "avg") -> None:
        self.pool = pool

    def output(self, shape: Shape) -> Shape:
        """`(channels,)`; raises `ShapeError` on anything but images."""
        if len(shape) != 3:
            raise ShapeError(refusal("global_pool", shape))
        return shape[:1]

    def as_torch(self, shape: Shape) -> TorchCode:
        """A mean or a maximum."""
        del shape
        return TorchCode(call=f"{{x}}.{'mean' if self.pool == 'avg' else 'amax'}(dim=(2, 3))")

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """`[trials, batch, channels, height, width]` to `[trials, batch, channels]`."""
        del weights, place
        return x.mean(dim=(3, 4)) if self.pool == "avg" else x.amax(dim=(3, 4))
