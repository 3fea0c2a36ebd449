"""What is changed of the net: its activations, how its weights start, which layers it has and how wide they are."""

from __future__ import annotations

from dlbench.analysis.diagnosis.recipe_settings import Patch, RecipeSettings, kind_of
from dlbench.analysis.diagnosis.remedies.catalogue import remedy

ONE_SIDED = {"relu", "leaky_relu", "elu", "gelu", "silu", "softplus"}
"""Activations that cut off about a half of what comes in."""
HIDDEN = 64
"""Units of a hidden layer that a net is given."""


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


@remedy(
    "init",
    "weights that keep a signal's size from layer to layer: He's for ReLU, Xavier's for tanh, for sigmoids scaled on a batch",
)
def _init(recipe: RecipeSettings) -> Patch | None:
    kinds = recipe.activations()
    if kinds & ONE_SIDED:
        init = "he"
    elif "sigmoid" in kinds:  # its slope is a quarter at most, where Xavier's variance is for one of 1
        init = "lsuv"
    else:
        init = "xavier"
    is_usual = recipe.begins_well if init == "lsuv" else recipe.inits() <= {init}
    return None if is_usual else recipe.everywhere("init", init)


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


@remedy("wider", "more units can draw more of a border")
def _wider(recipe: RecipeSettings) -> Patch | None:
    is_bent = bool(recipe.activations() - {"identity"})
    return recipe.resized(8, least=32) or None if is_bent else None


@remedy("hidden-layer", "a layer of ReLUs bends the border, which a linear net cannot")
def _hidden_layer(recipe: RecipeSettings) -> Patch | None:
    return None if recipe.activations() else recipe.with_hidden_layer(HIDDEN) or None


@remedy("smaller-net", "a net without room for single samples must find what they share")
def _smaller_net(recipe: RecipeSettings) -> Patch | None:
    return recipe.resized(0.25, least=4) or None


@remedy("plain-output", "the loss makes probabilities of plain sums by itself, and numbers may lie anywhere")
def _plain_output(recipe: RecipeSettings) -> Patch | None:
    output = recipe.section("model").get("output", {})
    return None if kind_of(output.get("activation")) == "identity" else {"model.output.activation": "identity"}


@remedy("cross-entropy", "its gradient by the logits is p - t, however sure the net is")
def _cross_entropy(recipe: RecipeSettings) -> Patch | None:
    if kind_of(recipe.section("train").get("loss")) == "cross_entropy":
        return None
    return {"train.loss": "cross_entropy"} | (_plain_output(recipe) or {})


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
        f"{at}.recurrent_init": usual
        for at, one in recipe.layers
        if "recurrent_init" in one and one["recurrent_init"] != usual
    } or None


@remedy("forget-bias", "a forget gate that begins open keeps the cell, and so its gradient")
def _forget_bias(recipe: RecipeSettings) -> Patch | None:
    return {f"{at}.forget_bias": 1.0 for at, one in recipe.layers if one.get("forget_bias", 1.0) < 1} or None


@remedy("zero-start", "blocks that begin as the identity hand signal and gradient on as they are")
def _zero_start(recipe: RecipeSettings) -> Patch | None:
    return recipe.with_blocks_of_zero() or None


@remedy("shorter-sequences", "what lies fewer steps back is multiplied fewer times")
def _shorter(_: RecipeSettings) -> Patch | None:
    return {}


@remedy("connect", "call the layer on the way to the loss, detach nothing behind it, or freeze it")
def _connect(_: RecipeSettings) -> Patch | None:
    return {}
