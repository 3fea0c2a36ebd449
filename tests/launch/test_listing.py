"""What a list says of each run."""

from datetime import UTC, datetime

import pytest
from synthetic_run import make_plan

from dlbench.launch.listing import listed
from dlbench.run.folder import create


@pytest.fixture
def folder(tmp_path):
    """A run that was never started."""
    made = create(tmp_path, "xor", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    made.write_plan(make_plan(["relu"], seeds=3))
    return made


def test_runs_are_told_with_their_state(folder):
    """A run has its name, its folder, its state and the number of its trials."""
    found = listed(folder)

    assert (found.run, found.path, found.state) == ("xor/20260102-030405", str(folder.path), "empty")
    assert (found.trials, found.started) == (3, "")


@pytest.mark.parametrize("text", ["{", '{"v": 1}', '{"v": 999}'])
def test_damaged_runs_are_told_not_raised(folder, text):
    """A plan that is torn, incomplete or of another version makes a damaged run, with the reason."""
    folder.plan_file.write_text(text)
    found = listed(folder)

    assert (found.state, found.trials) == ("damaged", 0)
    assert "plan.json" in found.started
