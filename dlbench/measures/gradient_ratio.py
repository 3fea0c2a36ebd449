"""How much smaller a gradient is here than there: the one place where gradient norms of layers are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray


def ratio(norms: NDArray[Any], others: NDArray[Any]) -> NDArray[float64]:
    """Gradient norms over others of the same shape; NaN where one of both is no number, or the other is 0."""
    import numpy as np

    norms, others = np.asarray(norms, np.float64), np.asarray(others, np.float64)
    known = np.isfinite(norms) & np.isfinite(others) & (others != 0)
    with np.errstate(over="ignore"):
        found: NDArray[float64] = np.divide(norms, others, out=np.full(norms.shape, np.nan), where=known)
    return found


def first_over_last(norms: NDArray[Any]) -> NDArray[float64]:
    """The first of the norms `[..., layers]` over the last, `[...]`: of layers with weights, or of steps of time.

    NaN where there are none, where one of both is no number, or the last is 0. Far below 1 the gradient vanishes on its way back,
    far above it explodes (Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010).
    """
    import numpy as np

    if not norms.shape[-1]:
        return np.full(norms.shape[:-1], np.nan)
    return ratio(norms[..., 0], norms[..., -1])


SMALLEST = 2.0**-126
"""The smallest number with all digits of single precision, in which gradients are computed: one below it has lost some, or all."""


def factor_per_layer(norms: NDArray[Any]) -> NDArray[float64]:
    """By what a gradient is multiplied at each layer on its way back: a geometric mean over the layers `[..., layers]`, `[...]`.

    exp(-b) of the line a + b depth of least squares through the logarithms of the norms, depth counting layers with weights from
    the input: below 1 the gradient vanishes, above 1 it explodes (Hochreiter 1991; Bengio, Simard & Frasconi 1994). It is told
    from the last layer back to the last one that the gradient reaches: of a net so deep that it underflows to 0 on the way, from
    those where it has not yet. NaN where these are fewer than two, or a norm is no number.
    """
    import numpy as np

    norms = np.asarray(norms, np.float64)
    known = np.isfinite(norms).all(axis=-1)
    # Once lost, a gradient does not come back: what stands before a layer without one was not reached by way of it.
    reached = np.logical_and.accumulate(np.flip(norms >= SMALLEST, axis=-1), axis=-1)
    logs = np.log(np.flip(norms, axis=-1), where=reached, out=np.zeros(norms.shape))
    count = reached.sum(axis=-1, keepdims=True)
    back = np.where(reached, np.arange(norms.shape[-1]) - (count - 1) / 2, 0.0)
    has_slope = known & (count[..., 0] > 1)
    slope = np.divide(
        (back * logs).sum(axis=-1), (back**2).sum(axis=-1), out=np.full(known.shape, np.nan), where=has_slope
    )
    found: NDArray[float64] = np.exp(slope)
    return found
