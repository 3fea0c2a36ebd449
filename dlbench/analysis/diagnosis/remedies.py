"""Remedies: one change each, as a patch of the very recipe that was trained, with why it may help."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from dlbench.analysis.diagnosis.finding import Remedy
from dlbench.analysis.diagnosis.recipe_settings import Patch, RecipeSettings

Making = Callable[[RecipeSettings], Patch | None]
"""From settings to a patch: `None` where the remedy does not fit, empty where no setting does it."""

_MAKING: dict[str, tuple[Making, str]] = {}
"""By the remedy's name: how its patch is made, and why it may help."""

PACE = 3e-3
"""The update over its weights that a mended rate aims at: LeCun's and Karpathy's rule of thumb of 10^-3, a little bolder."""
LARGEST, SMALLEST = 1000.0, 3.0
"""By how much a rate is changed at most, and at least."""
USUAL_ADAM = 0.003
NORM = 1.0


def remedy(name: str, says: str) -> Callable[[Making], Making]:
    """Register how a remedy's patch is made."""

    def register(making: Making) -> Making:
        _MAKING[name] = (making, says)
        return making

    return register


def remedies(names: Sequence[str], settings: Mapping[str, object], evidence: Mapping[str, float]) -> tuple[Remedy, ...]:
    """These remedies for a recipe, those alone that fit it; of what was recorded they are told without a patch."""
    found, recipe = [], RecipeSettings(settings, evidence)
    for name in names:
        making, says = _MAKING[name]
        patch = making(recipe) if recipe.is_known else {}
        if patch is not None:
            found.append(Remedy(name, patch, says))
    return tuple(found)


def nice(value: float) -> float:
    """A rate of one digit, 1 or 3 before a power of ten: the nearest below."""
    power = math.floor(math.log10(value))
    lead = 3 if value / 10.0**power >= 3 else 1
    return float(f"{lead}e{power}")


@remedy("lower-rate", "smaller steps stay where the loss falls")
def _lower_rate(recipe: RecipeSettings) -> Patch | None:
    if recipe.rate is None:
        return None
    factor = 30.0 if recipe.pace is None else recipe.pace / PACE
    return {"train.optimizer.lr": nice(recipe.rate / min(max(factor, SMALLEST), LARGEST))}


@remedy("higher-rate", "larger steps get somewhere in the same time")
def _higher_rate(recipe: RecipeSettings) -> Patch | None:
    if recipe.rate is None or recipe.rate == 0:
        return None
    factor = 30.0 if recipe.pace is None else PACE / recipe.pace
    return {"train.optimizer.lr": nice(1.05 * recipe.rate * min(max(factor, SMALLEST), LARGEST))}


@remedy("adam", "Adam divides each weight's step by the size of its gradient, so that one rate fits all layers")
def _adam(recipe: RecipeSettings) -> Patch | None:
    kind = recipe.section("train")["optimizer"]["kind"]
    return (
        None if kind in {"adam", "adamw", "nadam", "radam"} else {"train.optimizer": {"kind": "adam", "lr": USUAL_ADAM}}
    )


@remedy("clip-norm", "a gradient that is cut to length 1 cannot throw the weights away")
def _clip_norm(recipe: RecipeSettings) -> Patch | None:
    return recipe.without("clip_norm") | recipe.regularized({"kind": "clip_norm", "norm": NORM})


@remedy("relu", "its slope is 1 wherever a unit is on, so the gradient arrives; He's weights fit it")
def _relu(recipe: RecipeSettings) -> Patch | None:
    if recipe.activations() <= {"relu"}:
        return None
    return recipe.everywhere("activation", "relu") | recipe.everywhere("init", "he")


@remedy("leaky-relu", "it has a slope on both sides of 0, so no unit can die")
def _leaky_relu(recipe: RecipeSettings) -> Patch | None:
    return recipe.everywhere("activation", "leaky_relu") if "relu" in recipe.activations() else None


@remedy("tanh", "it is steep at 0, around which Xavier's weights keep the signal")
def _tanh(recipe: RecipeSettings) -> Patch | None:
    if recipe.activations() <= {"tanh"}:
        return None
    return recipe.everywhere("activation", "tanh") | recipe.everywhere("init", "xavier")


@remedy("init", "weights of the variance that keeps a signal's size from layer to layer: He's for ReLU, else Xavier's")
def _init(recipe: RecipeSettings) -> Patch | None:
    one_sided = recipe.activations() & {"relu", "leaky_relu", "elu", "gelu", "silu", "softplus"}
    return recipe.everywhere("init", "he" if one_sided else "xavier")


@remedy("zero-bias", "biases of 0 leave every unit on for some of the samples")
def _zero_bias(recipe: RecipeSettings) -> Patch | None:
    patch = recipe.everywhere("bias_init", "zeros")
    default = recipe.section("model").get("bias_init", {})
    return None if patch.keys() == {"model.bias_init"} and default.get("kind") == "zeros" else patch


@remedy("batch-norm", "it brings every layer's sums back to mean 0 and variance 1")
def _batch_norm(recipe: RecipeSettings) -> Patch | None:
    return recipe.normalized("batch_norm") or None


@remedy("layer-norm", "it takes its mean and variance from one sample, whatever else is in the batch")
def _layer_norm(recipe: RecipeSettings) -> Patch | None:
    return recipe.normalized("layer_norm") or None


@remedy("residual", "a path past each layer hands the gradient on as it is; fewer layers do, too")
def _residual(_: RecipeSettings) -> Patch | None:
    return {}


@remedy("normalize-input", "inputs of mean 0 and variance 1 are what inits and rates are made for")
def _normalize(recipe: RecipeSettings) -> Patch | None:
    return None if recipe.section("data").get("normalize") == "standard" else {"data.normalize": "standard"}


@remedy("longer", "it is still getting better when it stops")
def _longer(recipe: RecipeSettings) -> Patch | None:
    return recipe.longer(5) or None
