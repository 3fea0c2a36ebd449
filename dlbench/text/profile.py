"""Layer profiles for a terminal, with Rich: a table a variant, its numbers with small bars beside them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from dlbench.analysis.profile import Judgement, LayerProfile, Profile
from dlbench.metrics.format import NOTHING
from dlbench.text.blocks import Terminal
from dlbench.words.number_format import number, percent

TITLES = ("layer", "mean", "std", "zero", "at ends", "gradient", "of last")
GAP = 2
WIDEST, NARROWEST = 16, 3
"""Cells of a bar."""
DECADES_OF_ACTIVATIONS, DECADES_OF_GRADIENTS = 3, 8
"""Powers of ten that bars tell apart at most: what is smaller than that has the shortest bar."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
LEGEND = (
    "mean, std, exact zeros and share at the activation's ends: of a layer's outputs on the first batch; gradient: norm of "
    "the loss's gradient for its weights (at a step of time, for the state), and its ratio to the last layer's. Bars count powers "
    "of ten."
)
COLORS = {"alarm": "red", "warning": "yellow", "note": "cyan"}


@dataclass(frozen=True)
class ProfileScale:
    """Bars on a scale of powers of ten, one for all variants: an empty one at half the smallest number."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float], most: float) -> ProfileScale:
        """The scale of some numbers, of `most` powers of ten below the largest; zeros and what is none have no place on it."""
        logs = [math.log10(value) for value in values if 0 < value < math.inf]
        high = max(logs, default=0.0)
        return cls(max(min(logs, default=0.0) - 0.3, high - most), high)

    def bar(self, value: float, width: int, *, in_ascii: bool) -> str:
        """The bar of a value, `width` cells with what is left free of it."""
        if not 0 < value < math.inf:
            return " " * width
        cells = width * (math.log10(value) - self.low) / (self.high - self.low)
        if in_ascii:
            return ("#" * max(round(cells), 1)).ljust(width)
        whole, part = divmod(max(round(8 * cells), 1), 8)
        return ("█" * whole + EIGHTHS[part] * (part > 0)).ljust(width)


def render_profiles(profiles: Sequence[Profile], terminal: Terminal) -> RenderableType:
    """The profiles one under the other, at most as wide as the terminal; without room for bars, the numbers alone."""
    layers = [layer for profile in profiles for layer in profile.layers]
    deviations = ProfileScale.over((layer.activation_std for layer in layers), DECADES_OF_ACTIVATIONS)
    gradients = ProfileScale.over((layer.gradient_norm for layer in layers), DECADES_OF_GRADIENTS)
    cells = {id(layer): _cells(layer, terminal) for layer in layers}
    form = _Form.fitting([TITLES, *cells.values()], terminal)
    parts: list[Text] = []
    for profile in profiles:
        parts += [_heading(profile, terminal), form.line(TITLES, ("", ""), "bold")]
        for layer in profile.layers:
            values = (deviations, layer.activation_std), (gradients, layer.gradient_norm)
            first, second = (scale.bar(value, form.bar, in_ascii=terminal.ascii) for scale, value in values)
            parts.append(form.line(cells[id(layer)], (first, second), color=terminal.style("cyan")))
        parts += [*_factor(profile), *_told(profile.wrong, len(profile.seeds), terminal), Text()]
    return Group(*parts, Text(terminal.plain(LEGEND), style="dim"))


@dataclass(frozen=True)
class _Form:
    """How wide the columns of all tables are, the bars behind two of them, and the gaps between them."""

    widths: list[int]
    bar: int
    gap: int

    @classmethod
    def fitting(cls, rows: Sequence[Sequence[str]], terminal: Terminal) -> _Form:
        """What shows these rows without cutting any: where there is little room, without bars and with narrower gaps."""
        widths = [max(cell_len(cells[column]) for cells in rows) for column in range(len(TITLES))]
        free = terminal.width - sum(widths) - GAP * len(TITLES)
        bar = free // 2 - 1
        return cls(widths, min(bar, WIDEST) if bar >= NARROWEST else 0, GAP if free >= 0 else 1)

    def line(self, cells: Sequence[str], bars: tuple[str, str], style: str = "", color: str = "") -> Text:
        """One line of a table: the name at the left, numbers at the right of their columns, bars behind two of them."""
        line = Text()
        behind = {TITLES.index("std"): bars[0], TITLES.index("gradient"): bars[1]}
        for column, (cell, width) in enumerate(zip(cells, self.widths, strict=True)):
            padding = " " * (width - cell_len(cell))
            line.append(" " * self.gap).append(cell + padding if column == 0 else padding + cell, style)
            if self.bar and column in behind:
                line.append(" ").append(behind[column].ljust(self.bar), color)
        line.rstrip()
        return line


def _heading(profile: Profile, terminal: Terminal) -> Text:
    count = len(profile.seeds)
    guessing = "" if profile.guessing is None else f" (guessing: {number(profile.guessing)})"
    facts = f"loss {number(profile.loss)}{guessing}, {count} seed{'s' if count != 1 else ''}"
    same = f"; the same before any training: {', '.join(profile.same)}" if profile.same else ""
    return Text.assemble((terminal.plain(profile.name), "bold"), (f"  {facts}{terminal.plain(same)}", "dim"))


def _cells(layer: LayerProfile, terminal: Terminal) -> list[str]:
    numbers = (layer.activation_mean, layer.activation_std)
    shares = (layer.zero_fraction, layer.saturated_fraction)
    # NaN is no number where there is one of every layer, and nothing where some layers have no such thing.
    has_gradient = layer.weight is not None or not math.isnan(layer.gradient_norm)
    gradient = number(layer.gradient_norm) if has_gradient else NOTHING
    cells = [layer.name, *map(number, numbers), *map(_share, shares), gradient, _known(layer.gradient_ratio)]
    return [terminal.plain(cell) for cell in cells]


def _share(share: float) -> str:
    return NOTHING if math.isnan(share) else percent(share)


def _known(value: float) -> str:
    return NOTHING if math.isnan(value) else number(value)


def _factor(profile: Profile) -> Iterator[Text]:
    """By what the gradient is multiplied from layer to layer, where that is known."""
    if profile.gradient_factor is not None:
        yield Text(f"{' ' * GAP}gradient: times {number(profile.gradient_factor)} a layer on its way back")


def _told(wrong: Sequence[Judgement], seeds: int, terminal: Terminal) -> Iterator[Text]:
    """What is wrong, a line each; in how many seeds, where not in all."""
    for one in wrong:
        some = "" if one.seeds == seeds else f" (in {one.seeds} of {seeds} seeds)"
        text = textwrap.fill(
            f"! {terminal.plain(one.text)}{some}",
            max(terminal.width, 2 * GAP + 1),
            initial_indent=" " * GAP,
            subsequent_indent=" " * 2 * GAP,
        )
        yield Text(text, style=terminal.style(COLORS[one.severity]))
