"""The learning-rate range test for a terminal: a row a variant, and its loss over the rates as a line of bars."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from dlbench.analysis.rate_range import RateCurve, RateRange
from dlbench.metrics.format import NOTHING
from dlbench.text.blocks import Terminal, table_blocks
from dlbench.text.text_table import Heading, TextCell, TextTable
from dlbench.words.number_format import number

CELLS = 32
"""Of a line of bars."""
BARS, ASCII_BARS = "▁▂▃▄▅▆▇█", "_.-=#"
GONE = {False: "·", True: "x"}
"""Where most seeds have diverged or blown up, in Unicode and in ASCII."""


def render_rate_ranges(found: Sequence[RateRange], terminal: Terminal) -> RenderableType:
    """The table, the line of bars of every variant, and what they mean."""
    lows = [curve.rates[0] for one in found for curve in one.curves]
    highs = [curve.rates[-1] for one in found for curve in one.curves]
    width = max(len(terminal.plain(one.name)) for one in found)
    lines = [
        Text.assemble(f"{terminal.plain(one.name):{width}}  ", (bars(one.curves, in_ascii=terminal.ascii), "cyan"))
        for one in found
    ]
    scale = f"{'':{width}}  {number(min(lows)):{CELLS - len(number(max(highs)))}}{number(max(highs))}"
    table = table_of(found)
    told = [textwrap.fill(text, terminal.width) for text in (LEGEND, *(terminal.plain(note) for note in table.notes))]
    return Group(
        *table_blocks(table, terminal),
        *lines,
        Text(scale, style="dim"),
        Text(),
        *(Text(text, style="dim") for text in told),
    )


LEGEND = (
    "Bars: the loss over the rates, the median of a variant's seeds, each line on a scale of its own. Suggested is the rate at "
    "which the loss falls fastest, the geometric mean over the seeds (in brackets the lowest and the highest); beyond the rate of "
    "the lowest loss a rate is too high."
)


def table_of(found: Sequence[RateRange]) -> TextTable:
    """The rates as cells; `same` candidates, which the range test cannot tell apart, are named in notes."""
    headings = (
        Heading("variant", "variant", is_number=False),
        Heading("suggestion", "suggested rate"),
        Heading("lowest", "lowest loss at"),
        Heading("end", "blows up at"),
        Heading("lr", "rate in the recipe"),
    )
    notes = tuple(
        f"{one.name} stands for {', '.join(one.same)} too, which differ in rate, schedule or length only"
        for one in found
        if one.same
    )
    return TextTable("rates", "learning rates", headings, tuple(map(_row, found)), notes)


def _row(one: RateRange) -> tuple[TextCell, ...]:
    lowest = [curve.lowest for curve in one.curves if curve.lowest is not None]
    ends = [curve.end for curve in one.curves if curve.end is not None]
    suggestion = one.suggestion
    first = (
        TextCell("none")
        if suggestion is None
        else TextCell(number(suggestion), _span(one.steepest, len(one.curves)), value=suggestion)
    )
    others = (_middle(values, len(one.curves)) for values in (lowest, ends))
    return (TextCell(one.name), first, *others, TextCell(number(one.lr), value=one.lr))


def _middle(values: Sequence[float], seeds: int) -> TextCell:
    if not values:
        return TextCell(NOTHING)
    middle = float(np.exp(np.mean(np.log(values))))
    return TextCell(number(middle), _span(values, seeds), value=middle)


def _span(values: Sequence[float], seeds: int) -> str:
    """From the lowest to the highest seed, and how many seeds have a value, where not all of them."""
    some = "" if len(values) == seeds else f", n={len(values)}"
    return f"({number(min(values))} to {number(max(values))}{some})" if len(values) > 1 else some.removeprefix(", ")


def bars(curves: Sequence[RateCurve], *, in_ascii: bool) -> str:
    """The median of the seeds' smoothed losses in so many cells; of cells in which most seeds have ended, a mark."""
    signs = ASCII_BARS if in_ascii else BARS
    losses = np.array([curve.smoothed for curve in curves])
    parts = np.array_split(np.arange(losses.shape[1]), CELLS)
    values = [_median(losses[:, part]) for part in parts]
    known = [value for value in values if value is not None]
    if not known:
        return GONE[in_ascii] * CELLS
    low, high = min(known), max(known)
    step = (high - low) / (len(signs) - 1) or 1.0
    return "".join(GONE[in_ascii] if value is None else signs[round((value - low) / step)] for value in values)


def _median(losses: np.ndarray) -> float | None:
    finite = losses[np.isfinite(losses)]
    return float(np.median(finite)) if 2 * len(finite) > losses.size else None
