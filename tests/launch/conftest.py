from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dlbench.launch.status import alive, launcher_of
from dlbench.plan import Plan, Stack, WorkerPlan
from dlbench.run.folder import create


@pytest.fixture
def run(tmp_path):
    """A run of three stacks on two workers with 1 and 2 threads; whatever it started is gone afterwards."""
    folder = create(tmp_path, "xor", datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC))
    stacks = [Stack([0], 10, 5, cost) for cost in (1.0, 2.0, 3.0)]
    folder.write_plan(Plan("xor", [], [], stacks, [WorkerPlan("cpu", 1, [0, 2]), WorkerPlan("cpu", 2, [1])]))
    yield folder
    for worker in alive(folder):
        if launcher := launcher_of(worker.token):
            launcher.stop(worker.token, force=True)
