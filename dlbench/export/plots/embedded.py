"""Figures as elements of a page: SVG without a ground or a font of its own, in the page's colours, light or dark."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dlbench.analysis.summary import Report
from dlbench.errors import UsageError
from dlbench.export.plots.base import Asked, BandKind
from dlbench.export.plots.comparison import comparison
from dlbench.export.plots.curves import curves
from dlbench.export.plots.layer_grid import ends_of
from dlbench.export.plots.layers import layer_grids, layer_maps
from dlbench.export.plots.page import Page, settle
from dlbench.export.plots.style import DARK, LIGHT, PAGE, Look, styled
from dlbench.export.plots.vector import embedded
from dlbench.measures.catalog import MEASURES
from dlbench.state.selection import Selection

LIGHT_VARIABLES, DARK_VARIABLES = LIGHT.variables, DARK.variables
"""Custom properties of CSS by which a page gives figures their colours; without them they are the light ones."""


def _rules(variables: dict[str, str]) -> str:
    return " ".join(f"{name}: {color};" for name, color in variables.items())


PAGE_STYLE = (
    f":root {{ {_rules(LIGHT_VARIABLES)} }}\n"
    f"@media (prefers-color-scheme: dark) {{ :root {{ {_rules(DARK_VARIABLES)} }} }}\n"
)
"""Style sheet for a page that follows its reader's choice of light and dark."""


def curves_svg(report: Report, series: Sequence[str] = (), *, band: BandKind = "range") -> str:
    """Curves of every variant as mean and band over its seeds, as `dlbench plot --what curves` draws them.

    `series` are such as `test_loss`, or `loss` for that of all splits; without any loss and score. Raises UsageError where nothing
    was evaluated.
    """
    return _svg(curves, _asked(report, metrics=tuple(series), band=band))


def comparison_svg(report: Report, columns: Sequence[str] = ()) -> str:
    """The comparison table as a figure; `columns` by their keys, without any the deciding one and its difference to the baseline.

    Raises UsageError where there is nothing to compare.
    """
    return _svg(comparison, _asked(report, metrics=tuple(columns)))


def layers_svg(
    report: Report,
    variant: str,
    measure: str = "gradient_norm",
    *,
    seed: int | None = None,
    scale: tuple[float, float] | None = None,
) -> str:
    """A measure of the layers of one trial of a variant, of its first seed without one, over the steps.

    `scale` is what the colours span, see `shared_scale`. Raises UsageError where there is no such trial, or nothing was probed.
    """
    asked = _asked(report, variants=(variant,), choice=Selection(seed=seed))
    return _svg(lambda asked: layer_maps(asked, MEASURES[measure], layer_grids(asked, MEASURES[measure]), scale), asked)


def shared_scale(report: Report, measure: str = "gradient_norm") -> tuple[float, float] | None:
    """Lowest and highest value over the first seeds of all variants; `None` where there is none."""
    variants = tuple(dict.fromkeys(row.variant for row in report.table.rows))
    try:
        maps = layer_grids(_asked(report, variants=variants), MEASURES[measure])
    except UsageError:
        return None
    return ends_of([each.grid for each in maps], MEASURES[measure])


def _asked(report: Report, **options: Any) -> Asked:
    """What these figures show comes of the report alone, none of the files of its folder."""
    return Asked(report, Path(), look=Look(PAGE, is_titled=False), **options)


def _svg(make: Callable[[Asked], Page], asked: Asked) -> str:
    with styled(PAGE):
        page, file = make(asked), io.BytesIO()
        settle(page.figure)
        page.figure.savefig(file, format="svg", metadata={"Date": None}, facecolor="none")
        return embedded(page, file.getvalue().decode())
