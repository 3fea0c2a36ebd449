"""Remedies: one change each, as a patch of the very recipe that was trained, with why it may help."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dlbench.analysis.diagnosis.recipe_settings import Patch, RecipeSettings
from dlbench.analysis.diagnosis.remedy_catalogue import remedies, remedy, remedy_names

__all__ = ["remedies", "remedy_names"]

PACE = 3e-3
"""The update over its weights that a mended rate aims at: LeCun's and Karpathy's rule of thumb of 10^-3, a little bolder."""
LARGEST, SMALLEST = 1000.0, 3.0
"""By how much a rate is changed at most, and at least."""
USUAL_ADAM = 0.003
ADAMS = {"adam", "adamw", "nadam", "radam"}
ADAMS_OWN = 0.001
"""The rate of Kingma & Ba: how long a step of Adam is its rate says, not the gradient, however wild the first ones were."""
HELD_OUT = 0.2
"""The share of the training samples that early stopping may watch."""
NORM = 1.0
HIDDEN = 64
"""Units of a hidden layer that a net is given."""


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
    rate = nice(recipe.rate / min(max(factor, SMALLEST), LARGEST))
    is_adam = _kind(recipe.section("train").get("optimizer")) in ADAMS
    return {"train.optimizer.lr": max(rate, ADAMS_OWN) if is_adam and recipe.rate > SMALLEST * ADAMS_OWN else rate}


@remedy("higher-rate", "larger steps get somewhere in the same time")
def _higher_rate(recipe: RecipeSettings) -> Patch | None:
    if recipe.rate is None or recipe.rate == 0:
        return None
    if recipe.tells("rate_left"):
        return None  # it is the schedule that makes it low
    factor = 30.0 if recipe.pace is None else PACE / recipe.pace
    return {"train.optimizer.lr": nice(1.05 * recipe.rate * min(max(factor, SMALLEST), LARGEST))}


@remedy("adam", "Adam divides each weight's step by the size of its gradient, so that one rate fits all layers")
def _adam(recipe: RecipeSettings) -> Patch | None:
    kind = recipe.section("train")["optimizer"]["kind"]
    return None if kind in ADAMS else {"train.optimizer": {"kind": "adam", "lr": USUAL_ADAM}}


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
    init = "he" if one_sided else "xavier"
    return None if recipe.inits() <= {init} else recipe.everywhere("init", init)


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
    if recipe.section("data").get("normalize") == "standard":
        return None
    return {"data.normalize": "standard"} | ((_normalize_target(recipe) or {}) if recipe.tells("target_rms") else {})


@remedy("longer", "it is still getting better when it stops")
def _longer(recipe: RecipeSettings) -> Patch | None:
    return recipe.longer(5) or None


@remedy(
    "normalize-target",
    "targets of mean 0 and variance 1 are where a net's answers begin; errors are told in their own units",
)
def _normalize_target(recipe: RecipeSettings) -> Patch | None:
    data = recipe.section("data")
    is_number = data.get("target") is not None or data.get("normalize_target") is not None
    return {"data.normalize_target": "standard"} if is_number and data.get("normalize_target") != "standard" else None


@remedy("larger-batch", "more samples say with less noise where the loss falls")
def _larger_batch(recipe: RecipeSettings) -> Patch | None:
    size = recipe.section("train").get("batch_size")
    return {"train.batch_size": max(4 * size, 32)} if isinstance(size, int) else None


@remedy("smaller-batch", "smaller batches make more steps of an epoch")
def _smaller_batch(recipe: RecipeSettings) -> Patch | None:
    size = recipe.section("train").get("batch_size")
    return {"train.batch_size": max(size // 8, 8)} if isinstance(size, int) and size > 64 else None


@remedy("early-stopping", "the weights of the best evaluation are kept, before the net learns by heart")
def _early_stopping(recipe: RecipeSettings) -> Patch | None:
    if recipe.section("train").get("early_stopping"):
        return None
    patch: Patch = {"train.early_stopping": {"patience": 5}}
    if recipe.section("data").get("validation"):
        return patch
    held_out = int(recipe.tells("train_samples") * HELD_OUT)
    return patch | {"data.validation": held_out} if held_out else {}


@remedy("l2", "small weights draw smooth borders, which go round accidents")
def _l2(recipe: RecipeSettings) -> Patch | None:
    return None if recipe.regularizers("l2") else recipe.regularized({"kind": "l2", "strength": 1e-3})


@remedy("dropout", "units that may be missing cannot rely on each other, and so learn fewer accidents by heart")
def _dropout(recipe: RecipeSettings) -> Patch | None:
    return None if recipe.kinds() & {"dropout"} else recipe.inserted({"kind": "dropout", "rate": 0.5}) or None


@remedy("more-data", "what more samples share is no accident")
def _more_data(recipe: RecipeSettings) -> Patch | None:
    limit, left_out = recipe.section("data").get("limit"), int(recipe.tells("left_out"))
    return {"data.limit": limit + min(left_out, 9 * limit)} if isinstance(limit, int) and left_out else {}


@remedy("smaller-net", "a net without room for single samples must find what they share")
def _smaller_net(recipe: RecipeSettings) -> Patch | None:
    return recipe.resized(0.25, least=4) or None


@remedy("wider", "more units can draw more of a border")
def _wider(recipe: RecipeSettings) -> Patch | None:
    is_bent = bool(recipe.activations() - {"identity"})
    return recipe.resized(8, least=32) or None if is_bent else None


@remedy("hidden-layer", "a layer of ReLUs bends the border, which a linear net cannot")
def _hidden_layer(recipe: RecipeSettings) -> Patch | None:
    return None if recipe.activations() else recipe.with_hidden_layer(HIDDEN) or None


@remedy("weaker-regularization", "a hundredth of it leaves the weights room to learn")
def _weaker(recipe: RecipeSettings) -> Patch | None:
    return recipe.weaker(0.01) or None


@remedy("no-regularization", "without it one sees whether the net learns at all")
def _none(recipe: RecipeSettings) -> Patch | None:
    return recipe.without("l1", "l2", "max_norm") or None


@remedy("class-weights", "a sample of a rare class then counts as much more as it is rarer")
def _class_weights(recipe: RecipeSettings) -> Patch | None:
    return None if recipe.section("train").get("class_weights") else {"train.class_weights": "balanced"}


@remedy("cross-entropy", "its gradient by the logits is p - t, however sure the net is")
def _cross_entropy(recipe: RecipeSettings) -> Patch | None:
    if _kind(recipe.section("train").get("loss")) == "cross_entropy":
        return None
    return {"train.loss": "cross_entropy"} | (_plain_output(recipe) or {})


@remedy("plain-output", "the loss makes probabilities of plain sums by itself, and numbers may lie anywhere")
def _plain_output(recipe: RecipeSettings) -> Patch | None:
    output = recipe.section("model").get("output", {})
    return None if _kind(output.get("activation")) == "identity" else {"model.output.activation": "identity"}


@remedy("usual-units", "two classes take one logistic unit, more one unit each")
def _usual_units(recipe: RecipeSettings) -> Patch | None:
    return {} if recipe.tells("units_too_few") else None


@remedy("usual-momentum", "running averages that take a tenth of each new batch keep up with the net")
def _usual_momentum(recipe: RecipeSettings) -> Patch | None:
    slow = {
        f"{at}.momentum": 0.1 for at, one in recipe.layers if one.get("kind") == "batch_norm" and one["momentum"] < 0.05
    }
    return slow or None


@remedy("lstm", "gates let a state pass unchanged as long as it is needed")
def _lstm(recipe: RecipeSettings) -> Patch | None:
    patch: Patch = {}
    for at, layer in recipe.layers:
        if layer.get("kind") == "rnn":
            patch[at] = {"kind": "lstm", "units": layer["units"], "sequences": layer.get("sequences", False)}
    return patch or None


@remedy("orthogonal", "an orthogonal matrix keeps the length of what it multiplies, however often")
def _orthogonal(recipe: RecipeSettings) -> Patch | None:
    usual = {"kind": "orthogonal", "gain": 1.0}
    return {
        f"{at}.recurrent_init": "orthogonal"
        for at, one in recipe.layers
        if "recurrent_init" in one and one["recurrent_init"] != usual
    } or None


@remedy("forget-bias", "a forget gate that begins open keeps the cell, and so its gradient")
def _forget_bias(recipe: RecipeSettings) -> Patch | None:
    return {f"{at}.forget_bias": 1.0 for at, one in recipe.layers if one.get("forget_bias", 1.0) < 1} or None


@remedy("zero-start", "blocks that begin as the identity hand signal and gradient on as they are")
def _zero_start(recipe: RecipeSettings) -> Patch | None:
    return recipe.with_blocks_of_zero() or None


@remedy("constant-rate", "the schedule takes the rate away before the net has learned")
def _constant_rate(recipe: RecipeSettings) -> Patch | None:
    return {"train.schedule": "constant"} if recipe.tells("rate_left") else None


@remedy("no-clipping", "a gradient that is cut to almost nothing makes steps of almost nothing")
def _no_clipping(recipe: RecipeSettings) -> Patch | None:
    return recipe.without("clip_norm", "clip_value") or None


@remedy("shorter-sequences", "what lies fewer steps back is multiplied fewer times")
def _shorter(_: RecipeSettings) -> Patch | None:
    return {}


@remedy("clean-labels", "samples that the net finds hard, early in the training, are those to look at")
def _clean_labels(recipe: RecipeSettings) -> Patch | None:
    return {"data.label_noise": 0.0} if recipe.section("data").get("label_noise") else {}


@remedy("split-again", "a sample belongs to one split: take out what stands there twice, then split")
def _split_again(_: RecipeSettings) -> Patch | None:
    return {}


@remedy("connect", "call the layer on the way to the loss, detach nothing behind it, or freeze it")
def _connect(_: RecipeSettings) -> Patch | None:
    return {}


def _kind(part: object) -> str:
    return str(part.get("kind")) if isinstance(part, Mapping) else "identity" if part is None else str(part)
