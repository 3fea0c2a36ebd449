"""The pictures on a page, drawn by `dlbench.export.plots` as SVG that stands in the page itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from dlbench.analysis.summary import Report
from dlbench.errors import UsageError
from dlbench.state.trial_state import loss_of, score_of


@dataclass(frozen=True)
class PageFigure:
    """A picture as SVG, and what stands beneath it."""

    svg: str
    caption: str = ""


def comparison(report: Report) -> PageFigure | None:
    """The table as a figure, where there is something to compare."""
    from dlbench.export.plots.embedded import comparison_svg

    return _drawn(partial(comparison_svg, report))


def curves(report: Report) -> Iterator[PageFigure]:
    """Loss and score over the steps, a picture each; none where nothing was evaluated."""
    from dlbench.export.plots.embedded import curves_svg

    for name in (loss_of(report.state.trials), score_of(report.state.trials)):
        found = _drawn(partial(curves_svg, report, (name,), band="interval"))
        if found is not None:
            yield found


def layers(report: Report) -> Iterator[PageFigure]:
    """The gradient of every layer at every probe, a picture a variant, all on one scale; none without probes."""
    from dlbench.export.plots.embedded import layers_svg, shared_scale

    scale = shared_scale(report)
    for variant in dict.fromkeys(row.variant for row in report.table.rows):
        found = _drawn(partial(layers_svg, report, variant, scale=scale), variant)
        if found is not None:
            yield found


def _drawn(draw: Callable[[], str], caption: str = "") -> PageFigure | None:
    """A figure, or `None` where the run has no such thing."""
    try:
        return PageFigure(draw(), caption)
    except UsageError:
        return None
