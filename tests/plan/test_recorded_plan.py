"""Plans of recordings: what their files say, what they are when they are read, what older readers make of them."""

import json
from datetime import UTC, datetime

import pytest
from synthetic_run import make_plan

from dlbench.errors import DlbenchError
from dlbench.plan.questions import Compare, Questions
from dlbench.plan.recorded import recorded_plan
from dlbench.run.folder import create

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("seed", [None, 0, 3])
def test_a_recordings_plan_is_read_as_it_was_written(tmp_path, seed):
    """With a seed or without one it comes back equal; without, the file says null, and the trial that it has none."""
    plan = recorded_plan("mine", "he", seed, settings={"lr": 0.1}, questions=Questions(compare=Compare("test_loss")))
    folder = create(tmp_path, "mine", NOW)
    folder.write_plan(plan)

    assert folder.read_plan() == plan
    assert json.loads(folder.plan_file.read_text())["trials"][0]["seed"] == seed
    assert (plan.trials[0].is_seeded, plan.stacks[0].has_known_steps) == (seed is not None, False)


def test_plans_of_recipes_are_written_as_before(tmp_path):
    """A plan that records nothing says nothing of it, so that readers of older versions find what they know."""
    folder = create(tmp_path, "xor", NOW)
    folder.write_plan(make_plan(["a"], 2))

    assert "recorded" not in json.loads(folder.plan_file.read_text())
    assert not folder.read_plan().recorded


def test_only_recordings_may_have_no_seed(tmp_path):
    """A null seed in any other plan is damage, told with its place."""
    folder = create(tmp_path, "mine", NOW)
    folder.write_plan(recorded_plan("mine", "he"))
    data = json.loads(folder.plan_file.read_text())
    folder.plan_file.write_text(json.dumps(data | {"recorded": False}))

    with pytest.raises(DlbenchError, match=r"trials\.0\.seed is None, not of the type int"):
        folder.read_plan()


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_no_plan_can_hold_is_refused(seed):
    """Negative numbers stand for no seed, and readers stop at 63 bits."""
    with pytest.raises(ValueError, match="a seed is a whole number"):
        recorded_plan("mine", "he", seed)


def test_the_same_variant_settings_and_seed_have_the_same_identity():
    """A trial's id follows from what was recorded, and from nothing else."""
    ids = [
        recorded_plan("mine", variant, seed, settings=settings).trials[0].id
        for variant, seed, settings in [("a", 1, {}), ("a", 1, {}), ("a", 2, {}), ("b", 1, {}), ("a", 1, {"lr": 1})]
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4
