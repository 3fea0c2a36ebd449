"""When a remedy may mend: what rules ask of a finding and of its recipe before they name one."""

from __future__ import annotations

from typing import TypeAlias

from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.diagnosis.recipe_settings import RecipeSettings

Aptness: TypeAlias = "staticmethod[[str, Finding, RecipeSettings], bool]"
"""Whether a remedy, by its name, may mend a finding in a recipe."""

OF_STEPS = frozenset({"lower-rate", "clip-norm", "larger-batch"})
"""Remedies that change the steps."""
OF_START = frozenset({"init", "zero-bias", "normalize-input"})
"""Those that change what is there before any step."""

TINY = 4
"""Samples of a batch whose mean and variance say little of the data's (Wu & He 2018: from 8 on batch norm holds its own)."""
HANDFUL = 100
"""Steps below which there are simply too few."""


def always(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of rules all of whose remedies may mend all that they find."""
    del name, one, recipe
    return True


def by_its_time(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of what units suffer: other steps mend nothing that was so before any step, another start nothing that came later.

    Weights that all begin at one value stay alike whatever their activation is, and behind biases that switch a unit off the slope
    of a leaky ReLU lets hardly any gradient through.
    """
    if name == "leaky-relu":
        return one.since > 0 or (recipe.begins_well and recipe.begins_unbiased)
    return name not in (OF_STEPS if one.since == 0 else OF_START)


def by_scale(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of data out of scale: inputs are normalized where they are, and with them the targets; these alone where no input is."""
    del recipe
    return name == ("normalize-input" if "largest_rms" in one.evidence else "normalize-target")


def by_room(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of nets without room: what is a line is bent, what is narrow is widened."""
    is_line = bool(recipe.is_known) and recipe.activations() <= {"identity"}
    return (name == "wider") == ("narrowest_units" in one.evidence and not is_line)


def by_count(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of trainings that stop too early: larger steps make nothing of a handful of them."""
    del recipe
    return name != "higher-rate" or ("update_ratio" in one.evidence and one.evidence["steps"] >= HANDFUL)


def of_swings(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of a loss that swings: where it is the momentum that does not come to rest, a lower rate makes it creep and swing as long."""
    del one
    return name != "lower-rate" or not recipe.has_heavy_momentum


def of_statistics(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of batch norm: larger batches are for tiny ones, and not for running averages that lag."""
    del recipe
    return name != "larger-batch" or 0 < one.evidence.get("batch_size", 0.0) <= TINY


def of_slow_steps(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of steps that are too small: where a schedule takes the rate away, it takes another one away, too."""
    del recipe
    return name not in {"higher-rate", "adam"} or "rate_left" not in one.evidence


def through_time(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of what explodes through time: what is multiplied each step is mended, and where it is usual, steps are made shorter."""
    del one
    return name not in OF_STEPS or recipe.recurs_well


def by_samples(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of what is learned by heart: nothing mends it like samples that a limit leaves out, or labels that are replaced no longer."""
    del recipe
    if one.evidence.get("label_noise"):
        return name == "clean-labels"
    return name == "more-data" or not one.evidence.get("left_out")


def of_explosions(name: str, one: Finding, recipe: RecipeSettings) -> bool:
    """Of what explodes: shorter steps are for what did so in the steps, or in spite of a usual start."""
    return name not in OF_STEPS or one.since > 0 or recipe.begins_well
