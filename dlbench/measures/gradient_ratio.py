"""How much smaller a gradient is here than there: the one place where the ratio of two gradient norms is computed."""

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
