"""What is changed of the steps: how large they are, how many, and by how many samples each is taken."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dlbench.analysis.diagnosis.recipe_settings import Patch, RecipeSettings
from dlbench.analysis.diagnosis.remedies.catalogue import remedy

PACE = 3e-3
"""The update over its weights that a mended rate aims at: LeCun's and Karpathy's rule of thumb of 10^-3, a little bolder."""
SMALLEST, LARGEST, LOWEST = 3.0, 1e5, 1e-3
"""By how much a rate is changed at least, by how much it is raised at most, and to which part of it it is lowered at most."""
UNTOLD = 30.0
"""By how much, where nothing tells how far the steps went."""
SWINGS, SWINGS_OF_ALL = 10.0, 4.0
"""The same where the loss only swings, and where it does so by steps of all samples: those swing from twice the best rate on."""
ROUNDING = 1e-9
USUAL_ADAM = 0.003
ADAMS = {"adam", "adamw", "nadam", "radam"}
ADAMS_OWN = 0.001
"""The rate of Kingma & Ba: how long a step of Adam is its rate says, not the gradient, however wild the first ones were."""
NORM = 1.0
USUAL_MOMENTUM = 0.9
"""The usual momentum, by which a step is the sum of ten gradients."""
FEWEST, TIMES = 1000, 5
"""The steps that a longer training takes at least, and how many times as many as before."""
FEW, SMALL, USUAL_BATCH = 300, 8, 32
"""The steps that smaller batches must make of the epochs, the smallest batch that is tried, and a usual one."""


def nice(value: float) -> float:
    """A rate of one digit, 1 or 3 before a power of ten: the nearest below, or the value where it is one, but for rounding."""
    power = math.floor(math.log10(value) + ROUNDING)
    lead = 3 if value / 10.0**power >= 3 * (1 - ROUNDING) else 1
    return float(f"{lead}e{power}")


@remedy("lower-momentum", "a step that sums up ten gradients, not hundreds, comes to rest in the valley")
def _lower_momentum(recipe: RecipeSettings) -> Patch | None:
    return {"train.optimizer.momentum": USUAL_MOMENTUM} if recipe.has_heavy_momentum else None


@remedy("lower-rate", "smaller steps stay where the loss falls")
def _lower_rate(recipe: RecipeSettings) -> Patch | None:
    if recipe.rate is None:
        return None
    rate = nice(1.05 * recipe.rate * max(1 / max(_too_fast(recipe), SMALLEST), LOWEST))
    is_adam = _kind(recipe) in ADAMS
    return {"train.optimizer.lr": max(rate, ADAMS_OWN) if is_adam and recipe.rate > SMALLEST * ADAMS_OWN else rate}


def _too_fast(recipe: RecipeSettings) -> float:
    if recipe.pace is not None:
        return recipe.pace / PACE
    if not recipe.tells("change_over_loss"):
        return UNTOLD
    return SWINGS_OF_ALL if recipe.section("train").get("batch_size") == "full" else SWINGS


@remedy("higher-rate", "larger steps get somewhere in the same time")
def _higher_rate(recipe: RecipeSettings) -> Patch | None:
    if recipe.rate is None or recipe.rate == 0:
        return None
    if recipe.knows("rate_left"):
        return None  # it is the schedule that makes it low
    factor = UNTOLD if recipe.pace is None else PACE / recipe.pace
    if factor < SMALLEST:
        return None  # steps are as large as they should be
    return {"train.optimizer.lr": nice(1.05 * recipe.rate * min(factor, LARGEST))}


@remedy("adam", "Adam divides each weight's step by the size of its gradient, so that one rate fits all layers")
def _adam(recipe: RecipeSettings) -> Patch | None:
    return None if _kind(recipe) in ADAMS else {"train.optimizer": {"kind": "adam", "lr": USUAL_ADAM}}


@remedy("clip-norm", "a gradient that is cut to length 1 cannot throw the weights away")
def _clip_norm(recipe: RecipeSettings) -> Patch | None:
    return recipe.without("clip_norm") | recipe.regularized({"kind": "clip_norm", "norm": NORM})


@remedy("no-clipping", "a gradient that is cut to almost nothing makes steps of almost nothing")
def _no_clipping(recipe: RecipeSettings) -> Patch | None:
    return recipe.without("clip_norm", "clip_value") or None


@remedy("constant-rate", "the schedule takes the rate away before the net has learned")
def _constant_rate(recipe: RecipeSettings) -> Patch | None:
    return {"train.schedule": "constant"} if recipe.knows("rate_left") else None


@remedy("longer", "it is still getting better when it stops")
def _longer(recipe: RecipeSettings) -> Patch | None:
    steps = recipe.tells("steps")
    return recipe.longer(max(TIMES, math.ceil(FEWEST / steps) if steps else 0)) or None


@remedy("larger-batch", "more samples say with less noise where the loss falls")
def _larger_batch(recipe: RecipeSettings) -> Patch | None:
    size = recipe.section("train").get("batch_size")
    return {"train.batch_size": max(4 * size, USUAL_BATCH)} if isinstance(size, int) else None


@remedy("smaller-batch", "smaller batches make more steps of an epoch")
def _smaller_batch(recipe: RecipeSettings) -> Patch | None:
    train = recipe.section("train")
    size = recipe.tells("train_samples") if train.get("batch_size") == "full" else train.get("batch_size")
    if not train.get("epochs") or not size:
        return None
    smaller = max(USUAL_BATCH if size >= 2 * USUAL_BATCH else size // 4, SMALL)
    steps = recipe.tells("steps")
    is_enough = not steps or steps * size / smaller >= FEW
    return {"train.batch_size": smaller} if smaller < size and is_enough else None


def _kind(recipe: RecipeSettings) -> str:
    """The kind of its optimizer."""
    optimizer = recipe.section("train").get("optimizer")
    return str(optimizer.get("kind")) if isinstance(optimizer, Mapping) else ""
