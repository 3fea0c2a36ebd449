"""plan.json as it may be found: whatever is in it, it is a plan or told in one line."""

import json
from datetime import UTC, datetime

import pytest

from dlbench.errors import DlbenchError
from dlbench.plan import Candidate, Plan, Stack, Trial, WorkerPlan
from dlbench.run.folder import create

PLAN = Plan(
    "xor",
    [Candidate("a", {"train.optimizer.lr": 0.1}, {"data": {"kind": "xor"}})],
    [Trial("t0", "a", {}, 0, 0), Trial("t1", "a", {}, 1, 0)],
    [Stack([0], 10, 5, 1.0), Stack([1], 10, 5, 2.0)],
    [WorkerPlan("cpu", 1, [0, 1])],
    ["test_loss > 1"],
)
HUGE = 10**18

WRONG = {
    "a trial beyond": (("stacks", 0, "trials", 0), HUGE, "stacks.0.trials: there is no number 1000000000000000000"),
    "a negative trial": (("stacks", 0, "trials", 0), -1, "stacks.0.trials: there is no number -1"),
    "a trial twice": (("stacks", 0, "trials", 0), 1, "stacks: name something twice"),
    "a candidate beyond": (
        ("trials", 1, "candidate"),
        1,
        "trials.1.candidate: there is no number 1, they go from 0 to 0",
    ),
    "a stack beyond": (("workers", 0, "stacks", 1), HUGE, "workers.0.stacks: there is no number"),
    "a stack left out": (("workers", 0, "stacks"), [0], "workers: they have 1 of 2 stacks"),
    "a stack twice": (("workers", 0, "stacks"), [0, 0], "workers: name something twice"),
    "a negative seed": (("trials", 0, "seed"), -3, "trials.0.seed: is -3"),
    "steps beyond all": (("stacks", 0, "steps"), HUGE, "stacks.0: has 1000000000000000000 steps"),
    "a number that does not fit": (("stacks", 0, "steps"), 10**30, "stacks.0.steps is 1e+30, not of the type int"),
    "a text for a number": (("stacks", 0, "steps"), "10", "stacks.0.steps is 10, not of the type int"),
    "a number for a text": (("trials", 0, "variant"), 3, "trials.0.variant is 3, not of the type str"),
    "true for a number": (("trials", 0, "seed"), True, "trials.0.seed is True, not of the type int"),
    "a table for a list": (("stacks",), {}, "stacks is {}, not of the type list"),
    "nothing for a list": (("trials",), None, "trials is None, not of the type list"),
    "no threads": (("workers", 0, "threads"), 0, "workers.0.threads: is 0"),
    "no condition": (("breakpoints", 0), "now and then", "breakpoints.0: "),
}


@pytest.fixture
def folder(tmp_path):
    """A run with a plan."""
    folder = create(tmp_path, "xor", datetime(2026, 1, 1, tzinfo=UTC))
    folder.write_plan(PLAN)
    return folder


def test_a_plan_is_read_as_it_was_written(folder):
    """A plan comes back equal; fields of a newer dlbench are passed over, those that were new once have their defaults."""
    data = json.loads(folder.plan_file.read_text())
    assert folder.read_plan() == PLAN

    del data["breakpoints"], data["stacks"][0]["before"], data["workers"][0]["fallback"]
    folder.plan_file.write_text(json.dumps(data | {"news": [1]}))
    assert (folder.read_plan().breakpoints, folder.read_plan().stacks) == ([], PLAN.stacks)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_plan(folder, name):
    """An index that leads nowhere, a wrong type, a number beyond all: told with its place in one line."""
    path, value, expected = WRONG[name]
    data = here = json.loads(folder.plan_file.read_text())
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    folder.plan_file.write_text(json.dumps(data))

    with pytest.raises(DlbenchError) as caught:
        folder.read_plan()

    assert str(caught.value).startswith(f"{folder.plan_file}: damaged, not a plan: {expected}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "3", '"a"', "{}", '{"v": 1}', "[" * 5000, '{"v":' * 5000, "\x00", "{"]
)
def test_any_text(folder, text):
    """Whatever the file says is told as a damaged plan."""
    folder.plan_file.write_text(text)

    with pytest.raises(DlbenchError, match="damaged, not"):
        folder.read_plan()


def test_deep_settings(folder):
    """Settings nested a thousand deep are told, and nobody falls over them."""
    text = json.dumps({"deep": None}).replace("null", "[" * 900 + "]" * 900)
    data = json.loads(folder.plan_file.read_text())
    data["candidates"][0]["settings"] = "HERE"
    folder.plan_file.write_text(json.dumps(data).replace('"HERE"', text))

    with pytest.raises(DlbenchError, match="damaged, not a plan"):
        folder.read_plan()
