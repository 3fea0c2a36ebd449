"""What a layer has learned to see: its filters, and samples above their reconstructions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dlbench.export.plots.base import PLOTS, Asked
from dlbench.export.plots.canvas import (
    Floats,
    Pixels,
    captioned,
    color_pixels,
    factor_of,
    plain_pixels,
    signed_pixels,
    tiled,
)
from dlbench.plan import choice_text
from dlbench.state.event_records import PRETRAIN, PictureRecord
from dlbench.state.pictures import limit_of
from dlbench.state.selection import chosen_pictures
from dlbench.state.trial_state import TrialState

if TYPE_CHECKING:
    from PIL.Image import Image

SHADES = 181
"""Colours of a scale: odd, so that one is zero's."""
PAIRS = 8
"""Samples side by side."""
RGB = 3


@PLOTS.add()
def filters(asked: Asked) -> Image:
    """The weights of a layer's units as images, all on one scale around zero; of three channels in red, green and blue.

    Blue is negative, orange positive; in colour grey is zero. Of other channels their mean is drawn. The scale ends where all
    but the largest one in a hundred do.
    """
    trial, record, found = chosen_pictures(asked.state, asked.folder, asked.choice, "filters")
    weights = np.empty((0, 1, 1, 1)) if found.filters is None else found.filters
    limit = limit_of(weights, robust=True)
    has_colours = weights.shape[1] == RGB
    pixels = color_pixels(weights, -limit, limit) if has_colours else signed_pixels(weights.mean(axis=1), limit)
    places = np.linspace(-limit, limit, SHADES)
    shades = plain_pixels(places, -limit, limit) if has_colours else signed_pixels(places, limit)
    sheet = tiled(pixels, math.ceil(math.sqrt(len(weights))), factor_of(weights))
    title = f"{len(weights)} filters of {record.layer}"
    return captioned(sheet, title, _when(trial, record), (-limit, shades, limit))


@PLOTS.add()
def reconstructions(asked: Asked) -> Image:
    """Samples, each above what the layer's code makes of it."""
    trial, record, found = chosen_pictures(asked.state, asked.folder, asked.choice, "reconstructions")
    assert found.inputs is not None
    assert found.reconstructions is not None
    both = np.stack([found.inputs, found.reconstructions], axis=1)
    finite = both[np.isfinite(both)]
    low, high = min(float(finite.min(initial=0.0)), 0.0), max(float(finite.max(initial=1.0)), 1.0)
    pairs = _colored(both, low, high)
    # A pair is one tile, so that what belongs together stands together.
    sheet = tiled(np.concatenate([pairs[:, 0], pairs[:, 1]], axis=1), min(PAIRS, len(pairs)), factor_of(both))
    title = f"{len(pairs)} samples above their reconstructions by {record.layer}"
    return captioned(
        sheet, title, _when(trial, record), (low, plain_pixels(np.linspace(low, high, SHADES), low, high), high)
    )


def _colored(images: Floats, low: float, high: float) -> Pixels:
    """Images `[..., channels, height, width]` in colour where they have three channels, else their mean in grey."""
    if images.shape[-3] == RGB:
        return color_pixels(images, low, high)
    return plain_pixels(images.mean(axis=-3), low, high)


def _when(trial: TrialState, record: PictureRecord) -> str:
    """Whose pictures these are, and when they were made."""
    plan, phase = trial.plan, "pre-training" if record.phase == PRETRAIN else "training"
    names = filter(None, (plan.variant, choice_text(plan.choice), f"seed {plan.seed}"))
    return f"{', '.join(names)} · {phase}, step {record.step:,}"
