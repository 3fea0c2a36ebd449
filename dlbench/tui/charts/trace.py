"""Traces: series of any length, reduced to columns of dots in time that does not grow with what is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.braille import Dots, Grain
from dlbench.tui.charts.scale import ValueScale

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """One curve: at ascending `steps` the lowest, the highest and the middle value, each `[points]`, NaN for a gap."""

    name: str
    steps: NDArray[np.int64]
    low: Floats
    high: Floats
    middle: Floats
    ink: int
    is_band: bool = False
    """Whether `low` to `high` is a band around the curve; else they are what the curve itself went through."""
    broken_at: int | None = None
    """The step at which it became NaN or infinite for good."""
    dashed: bool = False
    """Test against train."""
    onset_at: int | None = None
    """The step of its lowest value, where it has clearly risen since."""

    def at(self, step: int | None) -> float | None:
        """The value that stood at a step, or the newest; `None` before the first."""
        index = len(self.steps) if step is None else int(np.searchsorted(self.steps, step, side="right"))
        return float(self.middle[index - 1]) if index else None


@dataclass(frozen=True)
class Trace:
    """A series by columns of dots: what its curve went through in each, `[columns]`.

    `reached` are the columns with any point; in the others, and in gaps, all values are NaN.
    """

    reached: Dots
    enter: Floats
    leave: Floats
    low: Floats
    high: Floats
    floor: Floats
    """The lower border of its band; where there is none, the curve itself."""
    ceiling: Floats

    @classmethod
    def of(cls, series: Series, edges: NDArray[np.int64]) -> Trace:
        """Reduce a series to columns, whose first steps are `edges`; the first column takes all that is before it."""
        starts = np.searchsorted(series.steps, edges)
        starts[:1] = 0
        ends = np.append(starts, len(series.steps))[1:]
        reached = ends > starts
        first = starts[reached]

        def spread(values: NDArray[np.floating]) -> Floats:
            columns = np.full(len(edges), np.nan)
            columns[reached] = values
            return columns

        def lowest(values: Floats) -> Floats:
            return spread(np.fmin.reduceat(values, first)) if len(first) else spread(values[:0])

        def highest(values: Floats) -> Floats:
            return spread(np.fmax.reduceat(values, first)) if len(first) else spread(values[:0])

        low, high = (series.middle, series.middle) if series.is_band else (series.low, series.high)
        return cls(
            reached,
            enter=spread(series.middle[first]),
            leave=spread(series.middle[ends[reached] - 1]),
            low=(bottom := lowest(low)),
            high=(top := highest(high)),
            floor=lowest(series.low) if series.is_band else bottom,
            ceiling=highest(series.high) if series.is_band else top,
        )


@dataclass(frozen=True)
class Outline:
    """Where a curve stands on a scale: rows of dots counted from the top, `[columns]`, NaN where nothing is drawn."""

    enter: Floats
    leave: Floats
    top: Floats
    bottom: Floats
    above: Dots
    """Columns that went beyond the scale, and are pinned to its highest row."""
    below: Dots

    @classmethod
    def of(cls, trace: Trace, scale: ValueScale, rows: int) -> Outline:
        """Put a curve on a scale that is `rows` dots high; neighbouring points are joined across empty columns."""
        enter, leave = _joined(
            trace.reached, _rows_down(trace.enter, scale, rows), _rows_down(trace.leave, scale, rows)
        )
        top, bottom = _rows_down(trace.high, scale, rows), _rows_down(trace.low, scale, rows)
        has_place = trace.low > 0 if scale.logarithmic else True
        return cls(
            enter,
            leave,
            top=np.fmin.reduce([top, bottom, enter, leave]),
            bottom=np.fmax.reduce([top, bottom, enter, leave]),
            above=trace.high > scale.high,
            below=(trace.low < scale.low) & has_place,
        )


def _rows_down(values: Floats, scale: ValueScale, rows: int) -> Floats:
    down: Floats = np.rint((1.0 - scale.positions(values)) * (rows - 1))
    return down


def _joined(reached: Dots, enter: Floats, leave: Floats) -> tuple[Floats, Floats]:
    """Both with the columns between two points filled along the straight line; NaN at either end stays a gap."""
    at = np.flatnonzero(reached)
    if len(at) < 2:
        return enter, leave
    between = np.arange(at[0], at[-1])
    between = between[~reached[between]]
    before = np.searchsorted(at, between) - 1
    left, right = at[before], at[before + 1]
    share = (between - left) / (right - left)
    enter, leave = enter.copy(), leave.copy()
    enter[between] = leave[between] = np.rint(leave[left] * (1 - share) + enter[right] * share)
    return enter, leave


def line(outline: Outline, rows: int) -> Dots:
    """The dots of a curve, `[rows, columns]`: all rows that a column went through, joined with its neighbours."""
    top, bottom = outline.top.copy(), outline.bottom.copy()
    here, there = outline.leave[:-1], outline.enter[1:]
    near = np.floor((here + there) / 2)
    down, up = there > here, there < here
    # The way from one column to the next is shared between them, half each, without a row told twice.
    bottom[:-1] = np.where(down, np.fmax(bottom[:-1], near), bottom[:-1])
    top[1:] = np.where(down, np.fmin(top[1:], near + 1), top[1:])
    top[:-1] = np.where(up, np.fmin(top[:-1], near + 1), top[:-1])
    bottom[1:] = np.where(up, np.fmax(bottom[1:], near), bottom[1:])
    row = np.arange(rows)[:, None]
    dots: Dots = (row >= top) & (row <= bottom)
    return dots


def dashes(dots: Dots, grain: Grain) -> Dots:
    """A line with every third part left out, counted along the line, so that steep parts are dashed as flat ones are."""
    height = dots.sum(axis=0)
    length = np.cumsum(np.maximum(height, 1)) - height
    along = length + np.cumsum(dots, axis=0)
    kept: Dots = dots & (along % (3 * grain.across) < 2 * grain.across)
    return kept


def band(trace: Trace, scale: ValueScale, rows: int, grain: Grain) -> Dots:
    """The dots of a band, `[rows, columns]`: sparse, on a lattice that stands still when the data move."""
    top, bottom = _rows_down(trace.ceiling, scale, rows), _rows_down(trace.floor, scale, rows)
    # A band may reach below zero, which a logarithmic scale cannot show: it goes on to the bottom.
    bottom[np.isnan(bottom) & ~np.isnan(top)] = rows - 1
    top, bottom = _joined(trace.reached, top, top)[0], _joined(trace.reached, bottom, bottom)[0]
    row, column = np.ogrid[:rows, : len(top)]
    lattice = (row + 2 * column) % (2 * grain.across) == 0
    dots: Dots = (row >= top) & (row <= bottom) & lattice
    return dots
