"""From a run with findings to the run that tries their remedies: its recipe, its plan, what is tried and what is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlbench import plugins
from dlbench.analysis.to_try import ToMend, metric_to_try
from dlbench.errors import DlbenchError
from dlbench.metrics.catalog import METRICS
from dlbench.plan.growth import planned_seeds
from dlbench.recipe import load
from dlbench.recipe.one_change import ChangeTester, OneChange, recipe_of_changes
from dlbench.run.tried import SickVariant, TriedRemedies, TriedRemedy, UntriedRemedy

if TYPE_CHECKING:
    from dlbench.plan import Plan
    from dlbench.recipe.model import Recipe
    from dlbench.run.folder import RunFolder
    from dlbench.state.run_state import RunState

SUFFIX = "-try"
"""What the recipe's name ends with."""
NO_SETTING = "no setting of a recipe does it"


@dataclass(frozen=True)
class PlannedRemedies:
    """A run that tries remedies, before it begins; without recipe and plan where nothing can be tried."""

    tried: TriedRemedies
    recipe: Recipe | None
    plan: Plan | None
    seconds: float | None
    """About how long it trains here, by how long the run has whose findings they are; `None` where that has told nothing."""


def planned_remedies(
    folder: RunFolder,
    state: RunState,
    wanted: Sequence[ToMend],
    plan_of: Callable[[Recipe], Plan],
    *,
    seeds: str | None = None,
) -> PlannedRemedies:
    """The run that trains each of these variants again, as it is and with each remedy that its recipe takes.

    `plan_of` makes a recipe's plan, for the machines that are to train it.

    The untouched variant is trained again too: a run stands by itself, and another version of dlbench, another machine or another
    device could give the old one other numbers. Raises RecipeError, DataError and UsageError as loading a recipe does.
    """
    plugins.require(state.plan.parts, folder.name)
    recipe = load(folder.recipe_file)
    if [one.variant for one in recipe.candidates] != [one.variant for one in state.plan.candidates]:
        raise DlbenchError(f"{folder.recipe_file}: has other variants than the run was planned with; begin it anew")
    metric = metric_to_try(state, recipe.questions.compare, wanted)
    tester = ChangeTester(recipe)
    tried, changes = _sorted_out(folder, metric, wanted, tester)
    if not tried.tried:
        return PlannedRemedies(tried, None, None, None)
    frame = _frame(folder, recipe, tried, planned_seeds(state.plan))
    name = recipe.name if recipe.name.endswith(SUFFIX) else f"{recipe.name}{SUFFIX}"
    new = recipe_of_changes(name, folder.recipe_file, frame, tester, changes, seeds=seeds)
    plan = plan_of(new)
    toml = {one.variant: new.document["variants"][one.variant] for one in tried.tried}
    told = replace(tried, toml=toml, is_grid="grid" in recipe.document)
    return PlannedRemedies(told, new, plan, about_seconds(state, plan))


def _sorted_out(
    folder: RunFolder, metric: str, wanted: Sequence[ToMend], tester: ChangeTester
) -> tuple[TriedRemedies, list[OneChange]]:
    """What is tried and what not, and the variants of those that are."""
    found = TriedRemedies(folder.name, metric, [], [], [])
    changes: list[OneChange] = []
    for one in wanted:
        baseline = OneChange(one.name, one.candidate, {})
        found.sick.append(SickVariant(one.name, one.name, [own.kind for own in one.findings]))
        own = [baseline] if not tester.refusal(baseline) else []
        for proposed in one.proposed:
            remedy = proposed.remedy
            change = OneChange(f"{one.name} + {remedy.name}", one.candidate, remedy.set)
            why = tester.refusal(change) if remedy.set else NO_SETTING
            if why or not own:
                found.untried.append(UntriedRemedy(one.name, remedy.name, remedy.says, why or "its variant is refused"))
                continue
            own.append(change)
            kinds = list(proposed.kinds)
            found.tried.append(TriedRemedy(change.variant, one.name, remedy.name, remedy.says, kinds, dict(remedy.set)))
        changes += own if len(own) > 1 else []
    return found, changes


def _frame(folder: RunFolder, recipe: Recipe, tried: TriedRemedies, seeds: Any) -> dict[str, Any]:
    """The sections around the trainings: whose remedies they are, the seeds, and what is compared."""
    asked = recipe.document.get("compare", {})
    kept = {key: asked[key] for key in ("solved", "columns") if key in asked}
    compare = {"metric": tried.metric, "baseline": tried.tried[0].baseline, **kept}
    return {"lesson": {"title": f"Remedies for {folder.name}"}, "trials": {"seeds": seeds}, "compare": compare}


def about_seconds(state: RunState, plan: Plan) -> float | None:
    """How long a plan takes here, from how long a run's stacks took for what they cost."""
    seconds, cost = 0.0, 0.0
    for stack in state.stacks:
        took = METRICS["seconds"].value(state.trials[stack.plan.trials[0]])
        if took and stack.status.final:
            seconds, cost = seconds + took, cost + stack.plan.cost
    if not cost:
        return None
    return seconds / cost * sum(stack.cost for stack in plan.stacks) / len(plan.workers)
