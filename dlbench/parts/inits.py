"""Inits: how the weights of a trial start, one weight at a time, on the CPU in float32.

An init only scales and shifts what it draws, so that two variants with the same seed start from the same underlying
draw: `he` and `xavier(distribution="normal")` differ by a factor and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod, sqrt
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Gt

from dlbench.catalog import Catalog
from dlbench.parts.arguments import Settings, given
from dlbench.parts.lazy import torch

Distribution: TypeAlias = Literal["normal", "uniform"]


@dataclass(frozen=True)
class Draw:
    """One weight of one trial to be filled: its shape, fans, random stream, and its activation's slope below 0."""

    shape: tuple[int, ...]
    fan_in: int
    fan_out: int
    generator: torch.Generator
    slope: float = 0.0

    def normal(self) -> torch.Tensor:
        """Standard normal numbers of `shape`."""
        return torch.randn(self.shape, generator=self.generator)

    def uniform(self) -> torch.Tensor:
        """Uniform numbers on [-1, 1) of `shape`."""
        return torch.rand(self.shape, generator=self.generator).mul_(2).sub_(1)

    def with_std(self, std: float, distribution: Distribution) -> torch.Tensor:
        """Numbers of mean 0 and standard deviation `deviation`; the uniform ones lie within sqrt(3) times it."""
        if distribution == "normal":
            return self.normal().mul_(std)
        return self.uniform().mul_(sqrt(3) * std)


MEANINGS = {
    "distribution": "whether the numbers are normal or uniform; their variance is the same.",
    "gain": "what everything is multiplied by.",
}
"""What arguments mean that several of them have."""

INITS: Catalog[Callable[..., torch.Tensor]] = Catalog("inits", title="how weights start", meanings=MEANINGS)
"""Trait `unit_variance=True`: what is drawn is only the direction; before the first step the engine scales the weights layer
by layer, until what they make of a batch has variance 1. It reads `tolerance`, `iterations` and `batch` of the arguments."""


def fill(settings: Settings, draw: Draw) -> torch.Tensor:
    """The weight that settings such as `{"kind": "he"}` draw, float32 on the CPU, of `draw.shape`."""
    weight: torch.Tensor = INITS[settings["kind"]].make(draw, **given(settings))
    return weight


@INITS.add()
def zeros(draw: Draw) -> torch.Tensor:
    """Every weight 0: the lecture's mistake, after which no hidden weight ever moves, and the usual start of biases."""
    return torch.zeros(draw.shape)


@INITS.add()
def constant(draw: Draw, *, value: float) -> torch.Tensor:
    """Every weight the same value: all units of a layer stay equal forever.

    value: the value.
    """
    return torch.full(draw.shape, value)


@INITS.add()
def uniform(draw: Draw, *, low: float = -1.0, high: float = 1.0) -> torch.Tensor:
    """Uniform numbers between low and high, whatever the fans are.

    low: the lower end.
    high: the upper end.
    """
    return draw.uniform().mul_((high - low) / 2).add_((high + low) / 2)


@INITS.add()
def normal(draw: Draw, *, mean: float = 0.0, std: Annotated[float, Ge(0)] = 1.0) -> torch.Tensor:
    """Normal numbers with a mean and a standard deviation, whatever the fans are.

    mean: the mean.
    std: the standard deviation.
    """
    return draw.normal().mul_(std).add_(mean)


@INITS.add()
def xavier(
    draw: Draw,
    *,
    distribution: Distribution = "uniform",
    fan: Literal["avg", "in"] = "avg",
) -> torch.Tensor:
    """Variance 1 / fan, which keeps the variance of a signal from layer to layer in a linear net (Glorot & Bengio 2010).

    The name has three meanings, which disagree where a layer's fans do. `uniform, avg` is the paper's and the lab's
    (TensorFlow's xavier_initializer): U(+-sqrt(6 / (fan_in + fan_out))). `normal, in` is the lecture's slide:
    randn(fan_in, fan_out) / sqrt(fan_in). `uniform, in` is Caffe's: U(+-sqrt(3 / fan_in)).

    fan: "avg" is (fan_in + fan_out) / 2, "in" is fan_in.
    """
    width = draw.fan_in if fan == "in" else (draw.fan_in + draw.fan_out) / 2
    return draw.with_std(sqrt(1 / width), distribution)


@INITS.add()
def he(draw: Draw, *, distribution: Distribution = "normal", slope: float | None = None) -> torch.Tensor:
    """Variance 2 / ((1 + slope^2) fan_in), which makes up for the half that a ReLU cuts off (He et al. 2015, equations 10 and 15).

    `slope` is that of the layer's own leaky_relu below 0, and 0 for other activations, unless it is given: 0 is the
    variance 2 / fan_in of Caffe's MSRA filler, whatever the activation.

    slope: the activation's slope below 0; the layer's own unless given.
    """
    leak = draw.slope if slope is None else slope
    return draw.with_std(sqrt(2 / ((1 + leak**2) * draw.fan_in)), distribution)


@INITS.add()
def lecun(draw: Draw, *, distribution: Distribution = "normal") -> torch.Tensor:
    """Variance 1 / fan_in (LeCun et al. 1998, section 4.6), which SELU nets need (Klambauer et al. 2017)."""
    return draw.with_std(sqrt(1 / draw.fan_in), distribution)


@INITS.add()
def orthogonal(draw: Draw, *, gain: Annotated[float, Ge(0)] = 1.0) -> torch.Tensor:
    """Orthonormal rows or columns, whichever are fewer, times gain (Saxe et al. 2014).

    The shape is flattened to a matrix after its first axis. The matrix is the Q of a normal draw's QR decomposition with
    the signs that make the diagonal of R positive, so that it is uniform over all orthogonal ones (Mezzadri 2007).
    """
    matrix = draw.normal().reshape(draw.shape[0], -1)
    is_wide = matrix.shape[0] < matrix.shape[1]
    q, r = torch.linalg.qr(matrix.T if is_wide else matrix)
    q = q * torch.where(r.diagonal() < 0, -gain, gain)
    weight: torch.Tensor = (q.T if is_wide else q).reshape(draw.shape)
    return weight.contiguous()


@INITS.add()
def identity(draw: Draw, *, gain: Annotated[float, Ge(0)] = 1.0) -> torch.Tensor:
    """Gain on the diagonal, 0 elsewhere: a recurrent layer that passes its state on unchanged (Le et al. 2015).

    The shape is flattened to a matrix after its first axis. Nothing is drawn.
    """
    rows = draw.shape[0]
    return (gain * torch.eye(rows, prod(draw.shape) // rows)).reshape(draw.shape)


@INITS.add(unit_variance=True)
def lsuv(
    draw: Draw,
    *,
    tolerance: Annotated[float, Gt(0)] = 0.02,
    iterations: Annotated[int, Ge(1)] = 10,
    batch: Annotated[int, Ge(2)] = 256,
) -> torch.Tensor:
    """Orthonormal, then scaled layer by layer to unit variance on a batch: layer-sequential unit variance (Mishkin & Matas 2016).

    In the order of the forward pass, each layer's weights are divided by the deviation of its pre-activations, over a batch
    and all units, until their variance is 1 within `tolerance`, `iterations` times at most (algorithm 1). The batch are the
    first `batch` samples in the order of the seed's first epoch. Biases and recurrent layers keep what was drawn.

    tolerance: how far from 1 a variance may stay.
    iterations: how often a layer is scaled at most.
    batch: how many samples the variance is taken over.
    """
    del tolerance, iterations, batch  # the engine's, once there is data
    return orthogonal(draw)


@INITS.add()
def torch_default(draw: Draw) -> torch.Tensor:
    """U(+-1 / sqrt(fan_in)) for weights and biases alike: what torch.nn.Linear and Conv2d do unasked; variance 1 / (3 fan_in)."""
    return draw.uniform().mul_(1 / sqrt(draw.fan_in))
