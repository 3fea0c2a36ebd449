"""Plans that grow by further seeds."""

from __future__ import annotations

from dataclasses import asdict, replace

import orjson
import pytest
from cases import dense, settings

from dlbench.plan import Candidate, UntilDecided
from dlbench.plan.growth import grown, next_number, planned_seeds, seeds_of
from dlbench.plan.make import make_plan
from dlbench.plan.reading import plan_from
from dlbench.plan.recorded import as_data
from dlbench.recipe.model import Recipe


@pytest.fixture(scope="module")
def recipe():
    """Two variants of one structure with five seeds."""
    candidates = [
        Candidate(name, {}, settings([dense(units, "tanh")], data={"kind": "xor"}))
        for name, units in (("small", 3), ("large", 5))
    ]
    from dlbench.plan.questions import Questions

    return Recipe("case", None, ["small", "large"], candidates, [0, 1, 2, 3, 4], Questions(), [], {})


@pytest.mark.parametrize(
    ("given", "number", "seeds"),
    [
        ([0, 1, 2], 5, [0, 1, 2, 3, 4]),
        ([7, 3, 9], 5, [3, 7, 9, 10, 11]),
        ([*range(10)], 7, [*range(7)]),
        ([], 2, [0, 1]),
    ],
)
def test_seeds_are_the_given_ones_and_then_those_after_them(given, number, seeds):
    """First the recipe's seeds in order, then the numbers after the largest."""
    assert seeds_of(UntilDecided(given, 100), number) == seeds


def test_batches_grow_with_the_run():
    """From five seeds each batch adds half, at least two, and ends at the most that is allowed."""
    numbers, n = [], 0
    while n < 100:
        n = next_number(n, 100)
        numbers.append(n)
    assert numbers == [5, 7, 10, 15, 22, 33, 49, 73, 100]
    assert next_number(5, 6) == 6


def test_a_grown_plan_keeps_the_numbers_of_what_was_there(recipe):
    """Trials, stacks and the workers' lists are continued: whatever names one by its number still does."""
    plan = replace(make_plan(recipe, device="cpu"), until_decided=UntilDecided([0, 1, 2, 3, 4], 100))
    larger = grown(plan, [5, 6])
    assert larger.trials[: len(plan.trials)] == plan.trials
    assert larger.stacks[: len(plan.stacks)] == plan.stacks
    assert all(
        new.stacks[: len(old.stacks)] == old.stacks for new, old in zip(larger.workers, plan.workers, strict=True)
    )
    assert [(trial.variant, trial.seed) for trial in larger.trials[10:]] == [
        ("small", 5), ("small", 6), ("large", 5), ("large", 6),
    ]  # fmt: skip
    assert sorted(one for stack in larger.stacks for one in stack.trials) == list(range(14))
    assert planned_seeds(larger) == [*range(7)]


def test_added_trials_are_those_of_a_plan_that_had_all_seeds(recipe):
    """A trial has the same id, and so the same folder of everything, whenever its seed was added."""
    larger = grown(make_plan(recipe, device="cpu"), [5, 6])
    whole = make_plan(replace(recipe, seeds=[*range(7)]), device="cpu")
    assert {trial.id for trial in larger.trials} == {trial.id for trial in whole.trials}


def test_a_grown_plan_is_read_again(recipe):
    """plan.json keeps how seeds are added, and says nothing of it where a run has all of them from the start."""
    plan = make_plan(recipe, device="cpu")
    larger = replace(grown(plan, [5]), until_decided=UntilDecided([0, 1], 30))
    assert plan_from(orjson.loads(orjson.dumps(as_data(larger)))) == larger
    assert "until_decided" not in as_data(plan)
    assert "until_decided" in asdict(plan)
