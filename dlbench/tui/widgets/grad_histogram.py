"""The histogram of one layer's gradients at one step: how many weights get a gradient of which size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlbench.tui.charts.histogram import has_head, histogram
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.model.rows import layer_of, owner_of
from dlbench.tui.model.series import broken_layers, histogram_at, lacks_gradient, probe_step
from dlbench.tui.widgets.chart import Chart, entitle
from dlbench.tui.widgets.notices import Notice, missing_probes
from dlbench.words.number_format import percent

if TYPE_CHECKING:
    from dlbench.tui.model.view import View


class GradHistogram(Chart):
    """The histogram of the layer under the cursor; of a step of time that of its layer's weights."""

    def __init__(self) -> None:
        super().__init__(classes="frame")

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The bins; in words why there are none."""
        index, step = view.focus.trial, probe_step(view, view.focus.trial)
        empty = missing_probes(view, index)
        if empty is not None:
            entitle(self, "Gradients of a layer")
            return self.say(empty, width, height)
        chosen = owner_of(view, index, layer_of(view, index))
        name = view.state.trials[index].layers[chosen].name
        found = None if step is None else histogram_at(view, index, step, chosen)
        untold = "" if found is None or has_head(width, height) else f", {share_of_zeros(*found)} exactly 0"
        entitle(self, f"Gradients of {name}{untold}", name, below="" if step is None else f"step {step:,}")
        if step is not None and lacks_gradient(view, index, step, chosen):
            text = f"{name} had no gradient in this step: the loss does not depend on it, or its optimizer rests."
            return self.say(Notice(text), width, height)
        if step is not None and broken_layers(view, index, "gradient_norm", step)[chosen]:
            return self.say(Notice(f"The gradient of {name} is NaN or infinite.", Ink.ALARM), width, height)
        if found is None:
            return self.say(
                Notice(f"{name} has no weights that are trained, or no histograms were kept."), width, height
            )
        counts, zeros = found
        return histogram(counts, zeros, width, height, self.glyphs, title="")


def share_of_zeros(counts: NDArray[np.int64], zeros: int) -> str:
    """How many of a layer's gradients are exactly zero, in words."""
    return percent(zeros / max(int(counts.sum()) + zeros, 1))
