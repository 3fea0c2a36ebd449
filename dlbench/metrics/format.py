"""How a metric's numbers, their spread and their intervals are written, the same in every display and export."""

from __future__ import annotations

import math

from dlbench.metrics.metric import Metric
from dlbench.metrics.quantity import Interval

SCIENTIFIC = ".1e"
FACTOR = ".2f"
LARGE = 1e6
"""Where a number without thousands separators becomes hard to read."""
NOTHING = "·"
INFINITE = "∞"
MINUS = "−"


def number(value: float | None, spec: str) -> str:
    """A number by its format, with a real minus sign; the sign for nothing where there is none."""
    if value is None:
        return NOTHING
    text = format(value, spec)
    return MINUS + text[1:] if text.startswith("-") else text


def value_format(metric: Metric, *means: float | None) -> str:
    """The metric's format, or powers of ten where it would print a number as 0 that is not, or one too long to read."""
    if metric.is_share:
        return metric.format
    fits = all(_fits(mean, metric.format) for mean in means if mean)
    return metric.format if fits else SCIENTIFIC


def _fits(value: float, spec: str) -> bool:
    is_short = "," in spec or abs(value) < LARGE
    return is_short and float(format(value, spec).replace(",", "").removesuffix("%")) != 0


def fine_format(spec: str, resolution: float) -> str:
    """The same format with as many decimals as two digits of `resolution` need, nine at most."""
    if not spec.endswith("f") or "," in spec or not resolution > 0:
        return spec
    decimals = max(int(spec[1:-1]), math.ceil(-math.log10(resolution)) + 1)
    return f".{min(decimals, 9)}f"


def spread_text(std: float | None, metric: Metric, spec: str) -> str:
    """How far the seeds lie apart: `± 0.01`, of ratios the factor, `×÷ 4.9`."""
    if std is None:
        return ""
    if metric.quantity.is_ratio:
        return f"×÷ {number(std, FACTOR if std < LARGE else SCIENTIFIC)}"
    return f"± {number(std, spec)}"


def interval_text(interval: Interval, spec: str) -> str:
    """`[low, high]`."""
    return f"[{number(interval.low, spec)}, {number(interval.high, spec)}]"


def level_text(comparisons: int) -> str:
    """How sure intervals are of which so many share one chance to err: `simultaneous 95 %, m = 5`."""
    return f"simultaneous 95 %, m = {comparisons}" if comparisons > 1 else "95 %"


def title_level(comparisons: int) -> str:
    """The same in the title of a column, where there is little room: a note says `simultaneous`."""
    return f"95 %, m = {comparisons}" if comparisons > 1 else "95 %"
