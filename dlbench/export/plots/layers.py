"""One measure of every layer over the whole training as one picture; several variants side by side on one scale of colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlbench.errors import UsageError, hint
from dlbench.export.plots.axes import decades, plain
from dlbench.export.plots.base import PLOTS, Asked
from dlbench.export.plots.entries import entries
from dlbench.export.plots.layer_grid import LayerGrid, Marks, ends_of
from dlbench.export.plots.lettering import Lettering
from dlbench.export.plots.page import LETTER, Page, Surroundings, page
from dlbench.export.plots.style import Theme
from dlbench.measures.base import Measure
from dlbench.measures.catalog import MEASURES
from dlbench.plan import candidate_text
from dlbench.state.trial_state import TrialState

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

COLORS = "viridis"
"""Its lightness grows evenly, so that it reads in grey (S. van der Walt & N. Smith, 2015)."""
ZERO, BROKEN = "////", "xxxx"
"""How an exact zero, and what is no number, is hatched: no colour of the scale is."""
ROW = 0.19
"""Inches of a layer."""
TALLEST, SHORTEST = 7.0, 0.8
LINE, AXIS = 0.15, 0.5
"""Inches of a line above a panel, and of the steps beneath it."""
MOST_NAMES = 30
MOST_ABREAST = 3
WHOLE = 7.5


@dataclass(frozen=True)
class LayerMap:
    """A trial's grid, and what is told of it."""

    trial: TrialState
    grid: LayerGrid
    told: str


@PLOTS.add(takes=("measure", "seed", "size"))
def layers(asked: Asked) -> Page:
    """A measure of every layer at every probe: layers upwards, steps to the right, the value as colour; first the gradient norm.

    Of one seed; of several variants side by side on one scale.
    """
    measure = _measure(asked.measure or "gradient_norm")
    return layer_maps(asked, measure, layer_grids(asked, measure))


@PLOTS.add(takes=("seed", "size"))
def gradients(asked: Asked) -> Page:
    """The gradient norm of every layer at every probe, as `layers` draws it."""
    measure = MEASURES["gradient_norm"]
    return layer_maps(asked, measure, layer_grids(asked, measure))


def layer_grids(asked: Asked, measure: Measure) -> list[LayerMap]:
    """The grids of the variants, without any named of the first one; raises UsageError where there is none."""
    shown = entries(asked.report, asked.variants, asked.choice.seed)
    trials = [entry.trials[0] for entry in shown if entry.trials]
    grids = [(trial, LayerGrid.of(trial, measure)) for trial in trials]
    found = [LayerMap(trial, grid, _finding(asked, trial)) for trial, grid in grids if grid is not None]
    found = found if asked.variants else found[:1]
    if not found:
        raise UsageError(f"nothing was probed that has a measure of {measure.title}, so there are no layers to draw")
    return found


def layer_maps(
    asked: Asked, measure: Measure, maps: Sequence[LayerMap], scale: tuple[float, float] | None = None
) -> Page:
    """The page of some grids; `scale` is what the colours span, where other figures are to share it."""
    theme, letters = asked.look.theme, Lettering()
    norm = _norm(measure, scale or ends_of([each.grid for each in maps], measure))
    title = f"{measure.title[0].upper()}{measure.title[1:]}, layer by layer: {asked.state.plan.recipe}"
    around = Surroundings(title, _caption(maps), list(_marks(maps, measure, theme)))
    rows = -(-len(maps) // MOST_ABREAST)
    columns = -(-len(maps) // rows)
    width = (WHOLE if columns > 1 else 0.87 * WHOLE) if asked.look.size is None else asked.look.size[0]
    heads = [_head(each, letters, int((width - 1.6) / columns / LETTER)) for each in maps]
    tall = min(max(ROW * max(len(each.grid.names) for each in maps), 1.2), TALLEST / min(rows, 2))
    more = LINE * (max(head.count("\n") for head in heads) + 1) + AXIS
    made = page(asked.look, letters, around, width, rows * (tall + more), rows * (SHORTEST + more))
    grid = made.figure.subplots(rows, columns, squeeze=False, sharex=True)
    panels = list(grid.flat)
    names = maps[0].grid.names
    for axes, each, head in zip(panels, maps, heads, strict=False):
        _draw(axes, each.grid, measure, norm, theme)
        is_named = axes in grid[:, 0] or each.grid.names != names
        _name_layers(axes, each.grid.names if is_named else [], letters, made.height / rows - more)
        axes.set_title(head, fontsize=8)
    for empty in panels[len(maps) :]:
        empty.remove()
    _label_steps(grid, maps)
    _draw_scale(made, panels[: len(maps)], norm, measure, maps)
    return made


def _measure(name: str) -> Measure:
    if name not in MEASURES:
        others = hint(name, MEASURES, f"there are {', '.join(MEASURES)}")
        raise UsageError(f"no measure of layers is called '{name}'{others}")
    return MEASURES[name]


def _finding(asked: Asked, trial: TrialState) -> str:
    """What is wrong with the trial, in short."""
    found = asked.report.findings.get(trial.index, ())
    return found[0].text if found else ""


def _caption(maps: Sequence[LayerMap]) -> str:
    """Whose it is, where all are of one seed."""
    seeds = {each.trial.plan.seed_text for each in maps}
    return f"{seeds.pop()}; the output layer is on top" if len(seeds) == 1 else "the output layer is on top"


def _head(each: LayerMap, letters: Lettering, width: int) -> str:
    told = [candidate_text(each.trial.plan), *([each.told] if each.told else [])]
    return "\n".join(letters.lines(line, width) for line in told)


def _norm(measure: Measure, ends: tuple[float, float] | None) -> Normalize:
    from matplotlib.colors import LogNorm, Normalize

    low, high = ends or (0.1, 1.0)
    return LogNorm(low, high) if measure.is_logarithmic else Normalize(low, high)


def _draw(axes: Axes, grid: LayerGrid, measure: Measure, norm: Normalize, theme: Theme) -> None:
    """The cells, and hatched what has no colour."""
    rows = np.arange(len(grid.names) + 1)
    hidden = ~np.isfinite(grid.values) | grid.broken
    zero = grid.zero & measure.is_logarithmic
    values = np.ma.masked_where(hidden | zero, grid.values)
    axes.pcolormesh(grid.edges, rows, values.T, cmap=COLORS, norm=norm, rasterized=True)
    for marks, hatch, color in ((zero, ZERO, theme.ink), (grid.broken, BROKEN, theme.broken)):
        for layer, runs in enumerate(_runs(marks, grid)):
            axes.broken_barh(runs, (layer, 1), facecolor="none", edgecolor=color, hatch=hatch, linewidth=0)
    axes.set_ylim(0, len(grid.names))


def _runs(marks: Marks, grid: LayerGrid) -> Iterator[list[tuple[float, float]]]:
    """Of each layer where marked cells begin, and how long they go on."""
    padded = np.pad(marks, ((1, 1), (0, 0))).astype(np.int8)
    for column in np.diff(padded, axis=0).T:
        places = np.flatnonzero(column)
        yield [
            (float(grid.edges[a]), float(grid.edges[b] - grid.edges[a]))
            for a, b in zip(places[::2], places[1::2], strict=True)
        ]


def _name_layers(axes: Axes, names: Sequence[str], letters: Lettering, height: float) -> None:
    """The first and the last layer always, of the others as many as have room."""
    axes.tick_params(axis="y", length=0)
    if not names:
        axes.set_yticks([])
        return
    every = max(-(-len(names) // max(min(int(height / 0.16), MOST_NAMES), 1)), 1)
    last = len(names) - 1
    places = [place for place in range(0, last, every) if last - place >= every] + [last]
    axes.set_yticks([place + 0.5 for place in places], [letters(names[place]) for place in places])


def _label_steps(panels: Any, maps: Sequence[LayerMap]) -> None:
    """The first steps, in which most happens, have as much room as the many later ones."""
    first = max(1.0, *(float(each.grid.edges[1]) for each in maps))
    last = max(float(each.grid.edges[-1]) for each in maps)
    ticks = [0.0, *(10.0**power for power in range(12) if first <= 10.0**power < last / 4), last]
    panels[0, 0].set_xscale("symlog", linthresh=first, linscale=0.3)
    panels[0, 0].set_xlim(0, last)
    for column in panels.T:
        lowest = [axes for axes in column if axes.figure is not None][-1:]
        for axes in lowest:
            axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
            axes.set_xticks([], minor=True)
            axes.set_xlabel("step")
            axes.tick_params(labelbottom=True)


def _draw_scale(
    made: Page, panels: Sequence[Axes], norm: Normalize, measure: Measure, maps: Sequence[LayerMap]
) -> None:
    """The colours with their numbers."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import FuncFormatter

    bar = made.figure.colorbar(
        ScalarMappable(norm, COLORS),
        ax=list(panels),
        label=measure.title,
        pad=0.01,
        aspect=24,
        extend=_extend(norm, maps),
    )
    if measure.is_logarithmic:
        decades(bar.ax, "y", *_ends(norm))
    else:
        bar.ax.yaxis.set_major_formatter(FuncFormatter(plain))
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)


def _ends(norm: Normalize) -> tuple[float, float]:
    assert norm.vmin is not None
    assert norm.vmax is not None
    return norm.vmin, norm.vmax


def _extend(norm: Normalize, maps: Sequence[LayerMap]) -> str:
    """Beyond which ends of the colours there are values."""
    values = np.concatenate([each.grid.values.ravel() for each in maps])
    low, high = _ends(norm)
    is_below, is_above = ((values > 0) & (values < low)).any(), (values > high).any()
    return {(False, False): "neither", (True, False): "min", (False, True): "max"}.get(
        (bool(is_below), bool(is_above)), "both"
    )


def _marks(maps: Sequence[LayerMap], measure: Measure, theme: Theme) -> Iterator[tuple[Artist, str]]:
    """What the hatches mean that there are."""
    from matplotlib.patches import Patch

    if measure.is_logarithmic and any(each.grid.zero.any() for each in maps):
        yield Patch(facecolor="none", edgecolor=theme.ink, hatch=ZERO, linewidth=0), "exactly zero"
    if any(each.grid.broken.any() for each in maps):
        yield Patch(facecolor="none", edgecolor=theme.broken, hatch=BROKEN, linewidth=0), "NaN or infinite"
