"""The exit code of a run by how its trials ended."""

from pathlib import Path

import pytest

from dlbench.analysis.summary import report
from dlbench.cli.session import Session
from dlbench.errors import ExitCode
from dlbench.launch.local import THIS_MACHINE
from dlbench.launch.sessions import WorkerGroup
from dlbench.plan import Candidate, Plan, Stack, Trial
from dlbench.plan.questions import Compare, Questions
from dlbench.state.run_state import RunState

PLAN = Plan(
    "recipe", [Candidate("a", {}, {})], [Trial(f"t{seed}", "a", {}, seed, 0) for seed in (0, 1)],
    [Stack([0, 1], 100, 7, 1.0)], [],
)  # fmt: skip
BEGUN = {"kind": "stack", "stack": 0, "step": 0, "layers": []}
DIVERGED = {"kind": "diverged", "stack": 0, "step": 5, "trial": 0, "last_loss": None}
DROP = {"kind": "control", "id": "c", "action": "end_trial", "stack": 0, "step": 5, "error": None, "trials": [0]}


def end(status):
    """The stack's end."""
    return {"kind": "end", "stack": 0, "step": 100, "status": status, "error": None}


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([end("done")], ExitCode.DONE),
        ([DIVERGED, end("done")], ExitCode.DONE),
        ([DROP, end("done")], ExitCode.DONE),
        ([DROP | {"trials": [0, 1]}, end("done")], ExitCode.DONE),
        ([DROP, end("stopped")], ExitCode.TRIAL_FAILED),
        ([DROP, end("failed")], ExitCode.TRIAL_FAILED),
        ([DROP], ExitCode.TRIAL_FAILED),
    ],
)
def test_a_dropped_trial_is_no_failure(events, code):
    """Dropping by hand is what someone wanted, as diverging is what a trial did; stopping, failing and dying are not."""
    state = RunState(PLAN)
    state.apply([BEGUN, *events])
    state.lost()
    session = Session(Path("results"), "plain", language="en", ascii_only=False, strict=False, detach=False)

    found = report(state, Questions(compare=Compare("diverged"), claims=[]))
    assert session._code(WorkerGroup(THIS_MACHINE, []), state, found) is code
