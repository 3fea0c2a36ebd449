"""Pictures: what the units of a layer look at, and what it makes of samples; before the training, and in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from dlbench.state.event_records import PRETRAIN, TRAIN
from dlbench.tui.app_base import dashboard
from dlbench.tui.model import filter_snapshots
from dlbench.tui.panes.base import Pane
from dlbench.tui.panes.cursor import ChartCursor
from dlbench.tui.widgets.chart import ChartPoint
from dlbench.tui.widgets.filter_snapshots import (
    FilterChart,
    PicturesLine,
    PretrainingChart,
    SampleChart,
    pictures_shown,
)

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class PicturesPane(Pane):
    """Filters, reconstructions beside them, and the curve of pre-training beneath; what there is none of has no frame."""

    NAME: ClassVar[str] = "pictures"
    TITLE: ClassVar[str] = "Pictures"
    HELP: ClassVar[str] = """\
Every tile at the left is a **filter**: the weights of one unit, put where the pixels are that they look at. Grey is zero,
orange is positive, the unit wants light there; blue is negative, it wants dark (without colours the middle shade is zero,
denser is positive). All have one scale, which stands beneath.

- **Noise**: the unit has not learned, or the rate was too large. **All grey**: its weights are near zero.
- **Strokes, edges, spots with a dark rim**: it has found a feature; a layer of such units is what pre-training is for.
- **Tiles that look alike**: units that learned the same. More noise at the start, sparsity or fewer units help.
- **Whole digits, one a tile**: units that memorized their examples.

The pairs at the right are **samples above their reconstructions**: the layer's code of the sample, turned back into pixels.
What is missing below was not kept by the code. Reconstructions that all look like one blurred sample: the layer has only
learned the mean.

Beneath are the measures of pre-training over the layer's own steps; `m` shows the next. The **reconstruction error** falls
easily, and says little by itself. The **pseudo-likelihood** asks how sure the layer is of a random pixel, given all others:
higher, nearer to 0, is better. The **free-energy gap** is held-out less training samples: where it grows, the layer
overfits.

- `←` `→` go through the pictures, from the first of pre-training to the last of the training, `↑` `↓` through the layers
  that have any. Elsewhere the cursor is a step of the training: what stands before its first step is how pre-training left it.
- `c` lets the scale reach the largest weight. `b` shows the curve of the trial alone, of all seeds, or of every variant.
- Of several channels the mean is shown, because letters have no colours to mix; `dlbench plot` writes them in colour.
"""
    DEFAULT_CSS = """
    PicturesPane {
        PicturesLine { height: 1; }
        .above { height: 1fr; }
        FilterChart { width: 3fr; }
        SampleChart { width: 2fr; }
        PretrainingChart { height: 8; }
        &.-tall PretrainingChart { height: 30%; min-height: 11; }
        &.-low PretrainingChart, &.-untold PretrainingChart { display: none; }
        &.-no-filters.-samples FilterChart, &.-no-samples SampleChart { display: none; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self.cursor = PictureCursor(self)

    def compose(self) -> ComposeResult:
        """A line of numbers, the pictures, the curve."""
        yield PicturesLine()
        with Horizontal(classes="above"):
            yield FilterChart()
            yield SampleChart()
        yield PretrainingChart()

    def show(self, view: View) -> None:
        """Make room for what there is, and draw it."""
        found = pictures_shown(view, dashboard(self))
        self.set_class(found is None or found.filters is None, "-no-filters")
        self.set_class(found is None or found.inputs is None, "-no-samples")
        self.set_class(found is not None and found.inputs is not None, "-samples")
        self.set_class(filter_snapshots.measure_shown(view) is None, "-untold")
        super().show(view)

    def action_range(self) -> None:
        """Weights without their extremes, or as far as they go."""
        focus = dashboard(self).view.focus
        focus.fixed_range = not focus.fixed_range
        dashboard(self).redraw()

    def action_log_steps(self) -> None:
        """Steps of pre-training by their logarithm, or evenly."""
        focus = dashboard(self).view.focus
        focus.log_curve_steps = not focus.log_curve_steps
        dashboard(self).redraw()


class PictureCursor(ChartCursor):
    """Goes from picture to picture, from the first of pre-training to the last of the training."""

    def stops(self) -> list[int]:
        """The steps of the training that have pictures."""
        return [record.step for record in filter_snapshots.records(self._view) if record.phase == TRAIN]

    def action_step(self, count: int) -> None:
        """So many pictures on; beyond the last one the cursor follows the newest."""
        view = self._view
        found, shown = filter_snapshots.records(view), filter_snapshots.record_shown(view)
        if shown is not None:
            wanted = found.index(shown) + count
            self._turn_to(None if wanted >= len(found) else max(wanted, 0))

    def action_first_step(self) -> None:
        """To the first pictures."""
        if filter_snapshots.records(self._view):
            self._turn_to(0)

    def action_layer(self, count: int) -> None:
        """So many layers on, of those that have pictures."""
        view = self._view
        names, shown = filter_snapshots.layers(view), filter_snapshots.layer_shown(view)
        if shown is not None:
            wanted = names[min(max(names.index(shown) + count, 0), len(names) - 1)]
            rows = [layer.name for layer in view.state.trials[view.focus.trial].layers]
            view.focus.layer = rows.index(wanted)
            self._app.redraw()

    def action_measure(self, count: int) -> None:
        """Another measure of pre-training."""
        view = self._view
        found, shown = filter_snapshots.charted(view), filter_snapshots.measure_shown(view)
        if shown is not None:
            view.focus.pretraining = found[(found.index(shown) + count) % len(found)]
            self._app.redraw()

    def point(self, place: ChartPoint) -> None:
        """To the pictures at or before the step of the curve on which the mouse is."""
        if place.step is not None:
            self._view.focus.pretrained = place.step
            self._app.redraw()

    def _turn_to(self, index: int | None) -> None:
        """To pictures by their number; without, to the newest."""
        view = self._view
        record = None if index is None else filter_snapshots.records(view)[index]
        if record is not None and record.phase == PRETRAIN:
            view.focus.pretrained = record.step
            self._app.redraw()
        else:
            self._look(None if record is None else record.step)
