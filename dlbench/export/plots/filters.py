"""What a layer has learned to see: its filters, and samples above their reconstructions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlbench.export.plots.base import PLOTS, Asked
from dlbench.export.plots.canvas import (
    ColorBar,
    Floats,
    Pixels,
    Sheet,
    color_pixels,
    factor_of,
    hang,
    plain_pixels,
    signed_pixels,
    tiled,
)
from dlbench.export.plots.page import Page
from dlbench.plan import choice_text
from dlbench.state.event_records import PRETRAIN, PictureRecord
from dlbench.state.pictures import Pictures, limit_of
from dlbench.state.selection import chosen_pictures
from dlbench.state.trial_state import TrialState

SHADES = 181
"""Colours of a scale: odd, so that one is zero's."""
PAIRS = 8
"""Samples side by side."""
RGB = 3


@dataclass(frozen=True)
class ChosenPictures:
    """The pictures of one trial that were asked for."""

    trial: TrialState
    record: PictureRecord
    pictures: Pictures

    @property
    def when(self) -> str:
        """Whose they are, and when they were made."""
        plan, phase = self.trial.plan, "pre-training" if self.record.phase == PRETRAIN else "training"
        names = filter(None, (plan.variant, choice_text(plan.choice), plan.seed_text))
        return f"{', '.join(names)} · {phase}, step {self.record.step:,}"


@PLOTS.add(takes=("seed", "layer", "step", "phase"))
def filters(asked: Asked) -> Page:
    """The weights of a layer's units as images, all on one scale around zero; of three channels in red, green and blue.

    Blue is negative, orange positive; grey is zero. Of other channels their mean is drawn. The scale ends where all but the
    largest one in a hundred do.
    """
    chosen = _chosen(asked, "filters")
    weights = [np.empty((0, 1, 1, 1)) if one.pictures.filters is None else one.pictures.filters for one in chosen]
    limit = max(limit_of(own, robust=True) for own in weights)
    sheets = [Sheet(_filters(own, limit), one.when) for own, one in zip(weights, chosen, strict=True)]
    places = np.linspace(-limit, limit, SHADES)
    in_color = all(own.shape[1] == RGB for own in weights)
    shades = plain_pixels(places, -limit, limit) if in_color else signed_pixels(places, limit)
    title = f"{len(weights[0])} filters of {chosen[0].record.layer}"
    return hang(sheets, title, ColorBar(-limit, shades, limit), asked.look)


@PLOTS.add(takes=("seed", "layer", "step", "phase"))
def reconstructions(asked: Asked) -> Page:
    """Samples, each above what the layer's code makes of it."""
    chosen = _chosen(asked, "reconstructions")
    both = [_pairs(one.pictures) for one in chosen]
    finite = np.concatenate([own[np.isfinite(own)] for own in both])
    low, high = min(float(finite.min(initial=0.0)), 0.0), max(float(finite.max(initial=1.0)), 1.0)
    columns = PAIRS if len(chosen) == 1 else PAIRS // 2
    sheets = [Sheet(_reconstructions(own, low, high, columns), one.when) for own, one in zip(both, chosen, strict=True)]
    title = f"{len(both[0])} samples above their reconstructions by {chosen[0].record.layer}"
    bar = ColorBar(low, plain_pixels(np.linspace(low, high, SHADES), low, high), high)
    return hang(sheets, title, bar, asked.look)


def _chosen(asked: Asked, kind: str) -> Sequence[ChosenPictures]:
    """The pictures of every variant that was named; of none the first that has some."""
    return [
        ChosenPictures(*chosen_pictures(asked.state, asked.folder, replace(asked.choice, variant=name), kind))
        for name in asked.variants or [None]
    ]


def _filters(weights: Floats, limit: float) -> Pixels:
    has_colors = weights.shape[1] == RGB
    pixels = color_pixels(weights, -limit, limit) if has_colors else signed_pixels(weights.mean(axis=1), limit)
    return tiled(pixels, math.ceil(math.sqrt(len(weights))), factor_of(weights))


def _pairs(pictures: Pictures) -> Floats:
    """Samples and their reconstructions, `[samples, 2, channels, height, width]`."""
    assert pictures.inputs is not None
    assert pictures.reconstructions is not None
    return np.stack([pictures.inputs, pictures.reconstructions], axis=1)


def _reconstructions(both: Floats, low: float, high: float, columns: int) -> Pixels:
    """A pair is one tile, so that what belongs together stands together."""
    pairs = _colored(both, low, high)
    return tiled(np.concatenate([pairs[:, 0], pairs[:, 1]], axis=1), min(columns, len(pairs)), factor_of(both))


def _colored(images: Floats, low: float, high: float) -> Pixels:
    """Images `[..., channels, height, width]` in colour where they have three channels, else their mean in grey."""
    if images.shape[-3] == RGB:
        return color_pixels(images, low, high)
    return plain_pixels(images.mean(axis=-3), low, high)
