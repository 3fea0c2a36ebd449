"""What is changed of the samples: their scale, how many there are, what is asked of them and how much of them is learned."""

from __future__ import annotations

from dlbench.analysis.diagnosis.recipe_settings import Patch, RecipeSettings, kind_of
from dlbench.analysis.diagnosis.remedies.catalogue import remedy
from dlbench.analysis.diagnosis.remedies.steps import nice

HELD_OUT, ENOUGH = 0.2, 50
"""The share of the training samples that early stopping may watch, and how many of them tell anything."""
L2_OF_CLASSES, L2_OF_NUMBERS = (1e-3, 4.0, 1e-2), (1e-3, 30.0, 0.3)
"""The weakest penalty, what it is over the number of samples, which speak against it, and the strongest. Chosen by trials: tables
and points of 40 to 1,500 samples."""
OF_NUMBERS = {"mse", "l1", "huber"}
MANY = 1000.0
"""Samples that are supposed where nobody knows how many there are."""
STRONGER = 10.0
"""By how much a penalty grows that has not been enough."""
USUAL = (0.1, 3.0)
"""The root mean square of inputs that are about as large as inits and rates expect."""


@remedy("normalize-input", "inputs of mean 0 and variance 1 are what inits and rates are made for")
def _normalize(recipe: RecipeSettings) -> Patch | None:
    size = recipe.tells("input_rms")
    if recipe.section("data").get("normalize") == "standard" or USUAL[0] < size < USUAL[1]:
        return None
    return {"data.normalize": "standard"} | ((_normalize_target(recipe) or {}) if recipe.tells("target_rms") else {})


@remedy(
    "normalize-target",
    "targets of mean 0 and variance 1 are where a net's answers begin; errors are told in their own units",
)
def _normalize_target(recipe: RecipeSettings) -> Patch | None:
    data = recipe.section("data")
    is_number = data.get("target") is not None or data.get("normalize_target") is not None
    return {"data.normalize_target": "standard"} if is_number and data.get("normalize_target") != "standard" else None


@remedy("early-stopping", "the weights of the best evaluation are kept, before the net learns by heart")
def _early_stopping(recipe: RecipeSettings) -> Patch | None:
    if recipe.section("train").get("early_stopping"):
        return None
    patch: Patch = {"train.early_stopping": {"patience": 5}}
    if recipe.section("data").get("validation"):
        return patch
    if not recipe.tells("train_samples"):
        return {}
    held_out = int(recipe.tells("train_samples") * HELD_OUT)
    return patch | {"data.validation": held_out} if held_out >= ENOUGH else None


@remedy("l2", "small weights draw smooth borders, which go round accidents")
def _l2(recipe: RecipeSettings) -> Patch | None:
    if recipe.regularizers("l2"):
        return recipe.stronger("l2", STRONGER)
    is_of_numbers = kind_of(recipe.section("train").get("loss")) in OF_NUMBERS
    least, of_one, most = L2_OF_NUMBERS if is_of_numbers else L2_OF_CLASSES
    strength = min(max(nice(of_one / (recipe.tells("train_samples") or MANY)), least), most)
    return recipe.regularized({"kind": "l2", "strength": strength})


@remedy("dropout", "units that may be missing cannot rely on each other, and so learn fewer accidents by heart")
def _dropout(recipe: RecipeSettings) -> Patch | None:
    return None if recipe.kinds() & {"dropout"} else recipe.inserted({"kind": "dropout", "rate": 0.5}) or None


@remedy("more-data", "what more samples share is no accident")
def _more_data(recipe: RecipeSettings) -> Patch | None:
    limit, left_out = recipe.section("data").get("limit"), int(recipe.tells("left_out"))
    return {"data.limit": limit + min(left_out, 9 * limit)} if isinstance(limit, int) and left_out else {}


@remedy("weaker-regularization", "a hundredth of it leaves the weights room to learn")
def _weaker(recipe: RecipeSettings) -> Patch | None:
    return recipe.weaker(0.01) or None


@remedy("no-regularization", "without it one sees whether the net learns at all")
def _none(recipe: RecipeSettings) -> Patch | None:
    return recipe.without("l1", "l2", "max_norm") or None


@remedy("whole-at-test", "at test the whole net is the mean of all thin ones that were trained")
def _whole_at_test(recipe: RecipeSettings) -> Patch | None:
    return {f"{at}.at_test": False for at, one in recipe.layers if one.get("kind") == "dropout" and one.get("at_test")}


@remedy("class-weights", "a sample of a rare class then counts as much more as it is rarer")
def _class_weights(recipe: RecipeSettings) -> Patch | None:
    return None if recipe.section("train").get("class_weights") else {"train.class_weights": "balanced"}


@remedy("clean-labels", "samples that the net finds hard, early in the training, are those to look at")
def _clean_labels(recipe: RecipeSettings) -> Patch | None:
    return {"data.label_noise": 0.0} if recipe.section("data").get("label_noise") else {}


@remedy("split-again", "a sample belongs to one split: take out what stands there twice, then split")
def _split_again(_: RecipeSettings) -> Patch | None:
    return {}
