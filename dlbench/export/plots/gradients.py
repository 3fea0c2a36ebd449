"""The gradient of every layer over the whole training, as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dlbench.errors import UsageError
from dlbench.export.plots.axes import entitle, figure, image_of
from dlbench.export.plots.base import PLOTS, Asked
from dlbench.plan import choice_text
from dlbench.state.selection import chosen_trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from numpy.typing import NDArray
    from PIL.Image import Image

    from dlbench.state.trial_state import TrialState

ZERO, BROKEN = "#000000", "#d60078"
"""What an exact zero, and what NaN or infinity is drawn with."""


@PLOTS.add()
def gradients(asked: Asked) -> Image:
    """The gradient norm of every layer at every probe: layers upwards, steps to the right, the norm's logarithm as colour."""
    trial = chosen_trial(asked.state, asked.choice)
    names = [layer.name for layer in trial.layers if layer.weight is not None]
    norms = trial.probe("gradient_norm")
    if norms is None or not names:
        raise UsageError("this trial has no probes, so there are no gradients to draw")
    norms = norms[:, [layer.weight is not None for layer in trial.layers]].astype(np.float64)
    drawn = figure(9, max(2.2, 1.4 + 0.24 * len(names)))
    axes = drawn.subplots()
    mesh = _draw(axes, norms, np.array(trial.probe_steps))
    axes.set(xlabel="step", ylabel="layer", yticks=np.arange(len(names)) + 0.5, yticklabels=names)
    axes.set_xscale("symlog", linthresh=1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    drawn.colorbar(mesh, ax=axes, label="gradient norm", extend="min")
    title = f"Gradient norm of every layer · {_name(trial)}"
    entitle(drawn, axes, title, "black: exactly zero; pink: NaN or infinite")
    return image_of(drawn, title)


def _draw(axes: Axes, norms: NDArray[np.float64], steps: NDArray[np.int64]) -> QuadMesh:
    """One cell a probe and a layer: it lasts until the next probe."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm

    known = norms[np.isfinite(norms) & (norms > 0)]
    low, high = (known.min(), known.max()) if known.size else (0.1, 1.0)
    low, high = (low / 2, high * 2) if low == high else (low, high)
    last = steps[-1] + max(int(np.median(np.diff(steps))), 1) if len(steps) > 1 else steps[-1] + 1
    colours = colormaps["viridis"].with_extremes(under=ZERO, bad=BROKEN)
    values = np.ma.masked_invalid(np.where(norms == 0, low / 10, norms))
    edges = np.append(steps, last)
    return axes.pcolormesh(
        edges, np.arange(norms.shape[1] + 1), values.T, cmap=colours, norm=LogNorm(low, high), rasterized=True
    )


def _name(trial: TrialState) -> str:
    plan = trial.plan
    return ", ".join(filter(None, (plan.variant, choice_text(plan.choice), f"seed {plan.seed}")))
