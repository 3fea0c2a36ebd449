"""Training scenarios as anybody's recipes are trained, and asking the rules of each trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import tomli_w

from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.summary import folded
from dlbench.launch import sessions
from dlbench.launch.sessions import WorkerGroup
from dlbench.metrics.catalog import METRICS
from dlbench.metrics.trial_view import Status
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.folder import RunFolder, create
from dlbench.self_test.catalogue import Scenario, recipe_of
from dlbench.self_test.tables import write

SEEDS = (0, 1)
PATIENCE = 3_600.0
"""Seconds that the trainings of one group may take; they take one or two minutes."""
LEAVING = 10.0
"""Seconds that workers have to end when they are told to, before they are killed."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class DiagnosedTrial:
    """A trial of a scenario, and what the rules say of it."""

    scenario: Scenario
    seed: int
    status: Status
    value: float | None
    """Its number of the target's metric at its end; `None` where it has none."""
    findings: tuple[Finding, ...]

    @property
    def is_as_labelled(self) -> bool:
        """Whether a healthy one has reached the target, and a sick one has not."""
        return self.scenario.target.is_reached(self.value) != self.scenario.is_sick


def diagnosed(
    asked: Sequence[Scenario], folder: Path, tell: Tell, seeds: Sequence[int] = SEEDS
) -> Iterator[DiagnosedTrial]:
    """Train scenarios in a folder, one run a group, and hold the rules against each of their trials.

    Raises DlbenchError where a recipe or its data is refused, or a worker cannot be started.
    """
    for group, own in groupby(asked, key=lambda one: one.group):
        members = list(own)
        tell(f"{group}: {len(members)} scenarios, {len(seeds)} seeds each")
        yield from _diagnosed(members, _trained(group, members, folder, seeds))


def _trained(group: str, members: Sequence[Scenario], folder: Path, seeds: Sequence[int]) -> RunFolder:
    """The finished run of a group's scenarios."""
    document = recipe_of(group, members, seeds)
    write(_files(document), folder)
    file = folder / f"{group}.toml"
    file.write_text(tomli_w.dumps(document), encoding="utf-8")
    recipe = load(file)
    run = create(folder, group, datetime.now(UTC))
    run.write_recipe(recipe.to_toml())
    run.write_plan(make_plan(recipe, device="cpu"))
    with _ended(sessions.start(run)) as workers:
        workers.wait(PATIENCE)
    return run


def _files(document: Mapping[str, Any]) -> set[str]:
    """The names of all files that a recipe's variants read."""
    data = [document["data"], *(one.get("data", {}) for one in document["variants"].values())]
    return {one["path"] for one in data if "path" in one}


@contextmanager
def _ended(workers: WorkerGroup) -> Iterator[WorkerGroup]:
    """See to it that no worker outlives the block, however that is left: by an interrupt, say."""
    try:
        yield workers
    finally:
        if not workers.has_ended:
            workers.stop()
            if not workers.wait(LEAVING):
                workers.stop(force=True)


def _diagnosed(members: Iterable[Scenario], run: RunFolder) -> Iterator[DiagnosedTrial]:
    state = folded(run, histograms=0)
    found, of = diagnose(state), {one.name: one for one in members}
    for trial in state.trials:
        scenario = of[trial.plan.variant]
        value = METRICS[scenario.target.metric].value(trial)
        seed = trial.plan.seed or 0
        yield DiagnosedTrial(scenario, seed, trial.status, value, tuple(found.get(trial.index, ())))
