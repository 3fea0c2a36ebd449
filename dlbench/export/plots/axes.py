"""Axes with plain numbers: steps, powers of ten, and what goes without saying."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from dlbench.analysis.aligned import Floats
from dlbench.metrics.format import MINUS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

DECADES = 20.0
"""From which ratio of the highest to the lowest on powers of ten say more than the numbers themselves."""


def plain(value: float, _: int | None = None) -> str:
    """A number beside a tick: `0.001`, `1e-05`, `1,000`."""
    text = f"{value:,.0f}" if value == round(value) and 1000 <= abs(value) < 1e6 else f"{value:g}"
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def step_axis(axes: Axes, *, ticks: int = 4) -> None:
    """Whole steps with separators of thousands."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(ticks, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))


def value_axis(
    axes: Axes, which: Literal["x", "y"], values: Floats, *, ticks: int = 5, in_decades: bool = False
) -> None:
    """Numbers as they are, or powers of ten where these may be and the values ask for them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    lowest, highest = float(values.min(initial=math.inf)), float(values.max(initial=-math.inf))
    if in_decades and 0 < DECADES * lowest <= highest:
        decades(axes, which, lowest, highest, ticks=ticks)
        return
    axis = _axis(axes, which)
    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(plain))


def decades(axes: Axes, which: Literal["x", "y"], lowest: float, highest: float, *, ticks: int = 5) -> None:
    """Powers of ten as plain numbers; within two of them the numbers between have a name too."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    if getattr(axes, f"get_{which}scale")() != "log":
        axes.set(**{f"{which}scale": "log"})
    axis = _axis(axes, which)
    axis.set_major_locator(
        LogLocator(subs=(1.0, 3.0) if math.log10(highest / lowest) < 2 else (1.0,), numticks=ticks + 1)
    )
    axis.set_major_formatter(FuncFormatter(plain))
    axis.set_minor_locator(NullLocator())


def _axis(axes: Axes, which: Literal["x", "y"]) -> Axis:
    return axes.xaxis if which == "x" else axes.yaxis
