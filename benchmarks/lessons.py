"""The lessons that are measured: their recipes, and plans of one stack made of them."""

from __future__ import annotations

from pathlib import Path

from dlbench.plan import Plan
from dlbench.plan.make import make_plan
from dlbench.recipe import load

RECIPES = Path(__file__).parent / "recipes"

STEPS = {"xor": 10_000, "mnist": 9_000, "cnn": 9_000, "lstm": 9_000}
"""How long each lesson is when it is not cut down to a lap."""


def one_stack(lesson: str, *, trials: int, steps: int, probes: bool, samples: int | None) -> Plan:
    """A plan of `trials` seeds of a lesson, all in one stack, for `steps` steps on its first `samples`.

    The probes are as dense as by default in the whole lesson, so that a short lap bears its fair share of them.
    Evaluations, of which nothing else measured here has any, are left out but for the two at both ends.
    """
    path = RECIPES / f"{lesson}.toml"
    default = load(path).candidates[0].settings["probes"]["points"]
    points = max(2, round(default * steps / STEPS[lesson])) if probes else 0
    changes = [f"train.steps={steps}", f"probes.points={points}", f"evaluate.every={steps}", "evaluate.train_samples=1"]
    if samples is not None:
        changes.append(f"data.limit={samples}")
    recipe = load(path, [*changes, f"trials.seeds={trials}"])
    plan = make_plan(recipe, device="cpu", workers=1)
    assert len(plan.stacks) == 1, "the trials of a lesson fit into one stack"
    return plan
