"""Single numbers for people, as short as can be, where no column has to align. Imports nothing heavy."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """A value for people, short: `3.1e-03`, `0.42`, `1,840`, `0`, `NaN`, `inf`."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:g}"
    size = abs(value)
    if size and not 0.01 <= size < 1e6:
        return f"{value:.1e}"
    return f"{value:,.0f}" if size >= 100 else f"{value:.3g}"


def percent(share: float) -> str:
    """A share for people: `12 %`, `0.3 %`; only what is all or nothing reads `100 %` or `0 %`."""
    if share in {0.0, 1.0}:
        return f"{100 * share:.0f} %"
    return f"{100 * min(max(share, 0.001), 0.999):.{0 if 0.01 <= share < 0.995 else 1}f} %"


def clock(seconds: float) -> str:
    """A duration as `0:05`, `12:30` or `1:02:03`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def memory_size(count: float) -> str:
    """Bytes for people: `812 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit != "GB" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
