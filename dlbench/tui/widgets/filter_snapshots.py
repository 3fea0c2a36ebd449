"""What a layer has learned to see: filters of its units, samples with their reconstructions, and how pre-training went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult

from dlbench.state.event_records import PRETRAIN
from dlbench.state.pictures import Images, Pictures, limit_of
from dlbench.tui.charts.curves import DrawnCurves, curves
from dlbench.tui.charts.ink import Ink
from dlbench.tui.charts.picture import Picture
from dlbench.tui.charts.scale import Floats, ValueScale
from dlbench.tui.charts.tiles import filter_tiles, sample_tiles
from dlbench.tui.model import filter_snapshots
from dlbench.tui.widgets.chart import Chart, ChartPoint, entitle
from dlbench.tui.widgets.fitting import Item, fitting, write
from dlbench.tui.widgets.lookup import is_moving, trial_name
from dlbench.tui.widgets.notices import missing_pictures
from dlbench.tui.widgets.tile_images import TileImages
from dlbench.words.number_format import number

if TYPE_CHECKING:
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.model.view import View

PHASES = {"pretrain": "pre-training", "train": "training"}


def pictures_shown(view: View, app: AppBase) -> Pictures | None:
    """The pictures at the cursor; `None` where there are none, or where they cannot be read."""
    record = filter_snapshots.record_shown(view)
    if record is None or app.folder is None:
        return None
    return view.pictures.read(app.folder.path / record.file, view.state.trials[view.focus.trial].position)


class PicturesLine(Chart):
    """One line: the layer, when it was, and what pre-training measured there."""

    def draw(self, view: View, width: int, height: int) -> Picture:
        """What has room."""
        picture = Picture.blank(width, height)
        record = filter_snapshots.record_shown(view)
        if record is not None:
            numbers = filter_snapshots.measured_at(view, record).items()
            items = [
                Item(0, (record.layer,), Ink.STRONG),
                Item(1, (f"{PHASES[record.phase]}, step {record.step:,}", f"step {record.step:,}")),
                *(Item(2 + rank, (said(name, value),)) for rank, (name, value) in enumerate(numbers)),
            ]
            write(picture, fitting(items, width - 2, gap=2), gap=2)
        return picture


class FilterChart(Chart):
    """The weights of the first units of a layer, each as an image of what it looks at."""

    def __init__(self) -> None:
        super().__init__(classes="frame")
        self._images = TileImages(self)

    def compose(self) -> ComposeResult:
        """The image, where the terminal shows any."""
        yield from self._images.compose()

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The filters, or in words why there are none."""
        found, record = pictures_shown(view, self.dashboard), filter_snapshots.record_shown(view)
        name = trial_name(view, view.focus.trial)
        if found is None or found.filters is None:
            entitle(self, f"Filters · {name}", "Filters")
            self._images.show(None)
            return self.say(missing_pictures(view, view.focus.trial, record), width, height)
        filters = filter_snapshots.as_one(found.filters)
        limit = limit_of(filters, robust=not view.focus.fixed_range)
        drawn = filter_tiles(filters, width, height, self.glyphs, limit, self._images.dots)
        self._images.show(drawn)
        head = f"Filters of {record.layer if record else ''}"
        below = f"{_of(drawn.shown, len(filters), 'units')}{_channels(found.filters)}"
        entitle(self, f"{head} · {name}", head, below=below)
        return drawn.picture


class SampleChart(Chart):
    """Samples, each above what the layer makes of it."""

    def __init__(self) -> None:
        super().__init__(classes="frame samples")
        self._images = TileImages(self)

    def compose(self) -> ComposeResult:
        """The image, where the terminal shows any."""
        yield from self._images.compose()

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The pairs; the samples alone where nothing was made of them."""
        found = pictures_shown(view, self.dashboard)
        if found is None or found.inputs is None:
            entitle(self, "Input above reconstruction")
            self._images.show(None)
            return Picture.blank(width, height)
        rows = [found.inputs] if found.reconstructions is None else [found.inputs, found.reconstructions]
        samples = np.stack([filter_snapshots.as_one(row) for row in rows], axis=1)
        drawn = sample_tiles(samples, width, height, self.glyphs, pixels(samples), self._images.dots)
        self._images.show(drawn)
        head = "Input" if found.reconstructions is None else "Input above reconstruction"
        below = f"{_of(drawn.shown, len(samples), 'samples')}{_channels(found.inputs)}"
        entitle(self, f"{head} · {trial_name(view, view.focus.trial)}", head, "Samples", below=below)
        return drawn.picture


class PretrainingChart(Chart):
    """One measure over the steps in which the layer was pre-trained."""

    def __init__(self) -> None:
        super().__init__(classes="frame pretraining")
        self._drawn: DrawnCurves | None = None
        self._scale: ValueScale | None = None
        self._subject: tuple[object, ...] = ()

    def draw(self, view: View, width: int, height: int) -> Picture:
        """The curves, with a hair line at the pictures that are shown."""
        measure = filter_snapshots.measure_shown(view)
        self._drawn = None
        if measure is None:
            return Picture.blank(width, height)
        series = filter_snapshots.pretraining_curves(view, measure)
        logarithmic = view.focus.log and all(float(each.low.min()) > 0 for each in series)
        subject = (measure, view.focus.trial, view.focus.spread, filter_snapshots.layer_shown(view), logarithmic)
        self._drawn = curves(
            series,
            width,
            height,
            self.glyphs,
            logarithmic=logarithmic,
            title="",
            cursor=self._cursor(view),
            before=self._scale if subject == self._subject and is_moving(view) else None,
            log_steps=view.focus.log_curve_steps,
        )
        self._subject, self._scale = subject, self._drawn.scale
        head = f"{spoken(measure).capitalize()}{' (log)' if logarithmic else ''}"
        entitle(
            self, f"{head} · pre-training of {filter_snapshots.layer_shown(view)}", head, below=_others(view, measure)
        )
        return self._drawn.picture

    @staticmethod
    def _cursor(view: View) -> int | None:
        """Where the pictures are, unless they are the newest of pre-training."""
        record, found = filter_snapshots.record_shown(view), filter_snapshots.records(view)
        if record is None or record.phase != PRETRAIN:
            return None
        return None if record == [one for one in found if one.phase == PRETRAIN][-1] else record.step

    def place(self, column: int, row: int) -> ChartPoint | None:
        """The step of a column."""
        step = self._drawn.at(column, row) if self._drawn else None
        return None if step is None else ChartPoint(step=step)


def said(measure: str, value: float) -> str:
    """A measure with its number, in words."""
    return f"{spoken(measure)} {number(value)}"


def spoken(measure: str) -> str:
    """A measure of pre-training as people say it."""
    return {"free_energy_gap": "free-energy gap", "pseudo_likelihood": "pseudo-likelihood"}.get(
        measure, measure.replace("_", " ")
    )


def pixels(samples: Floats) -> ValueScale:
    """Black to white: 0 to 1, or where pixels lie beyond what they span."""
    finite = samples[np.isfinite(samples)]
    if not finite.size or (finite.min() >= 0 and finite.max() <= 1):
        return ValueScale(0.0, 1.0, logarithmic=False)
    return ValueScale.spanning(finite, logarithmic=False)


def _of(shown: int, there: int, what: str) -> str:
    """How many have room: `64 units`, `12 of 64 units`."""
    return f"{there} {what}" if shown == there else f"{shown} of {there} {what}"


def _channels(images: Images) -> str:
    """What was done with several channels."""
    return f" · mean of {images.shape[1]} channels" if images.shape[1] > 1 else ""


def _others(view: View, measure: str) -> str:
    """What else was measured, and its key."""
    others = [spoken(name) for name in filter_snapshots.charted(view) if name != measure]
    return f"m: {', '.join(others)}" if others else ""
