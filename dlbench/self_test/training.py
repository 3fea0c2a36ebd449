"""Training scenarios as anybody's recipes are trained, and asking the rules of each trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import tomli_w

from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.summary import standing
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
"""The seeds of every scenario."""

TRAINED = (Status.OK, Status.DIVERGED)
"""How a trial ends that was trained."""

Tell: TypeAlias = Callable[[str], None]
Wait: TypeAlias = Callable[[WorkerGroup], None]
"""Comes back when all workers have ended; what it raises ends the self-test, and no worker may be left then."""


@dataclass(frozen=True)
class DiagnosedTrial:
    """A trial of a scenario, and what the rules say of it."""

    scenario: Scenario
    seed: int
    status: Status
    value: float | None
    """Its number of the target's metric at its end; `None` where it has none."""
    findings: tuple[Finding, ...]
    error: str | None = None
    """Why it was not trained, where dlbench or the machine is to blame and not the net."""

    @property
    def is_as_labelled(self) -> bool:
        """Whether a healthy one has reached the target, and a sick one has not."""
        return self.scenario.target.is_reached(self.value) != self.scenario.is_sick


def diagnosed(
    asked: Sequence[Scenario], folder: Path, tell: Tell, wait: Wait, seeds: Sequence[int] = SEEDS
) -> Iterator[DiagnosedTrial]:
    """Train scenarios in a folder, one run a group, and hold the rules against each of their trials.

    Raises DlbenchError where a recipe or its data is refused, or a worker cannot be started.
    """
    for group, own in groupby(asked, key=lambda one: one.group):
        members = list(own)
        tell(f"{group}: {len(members)} scenarios, {len(seeds)} seeds each")
        run = _planned(group, members, folder, seeds)
        wait(sessions.start(run))
        yield from _diagnosed(members, run)


def _planned(group: str, members: Sequence[Scenario], folder: Path, seeds: Sequence[int]) -> RunFolder:
    """The run of a group's scenarios, about to start."""
    document = recipe_of(group, members, seeds)
    write(_files(document), folder)
    file = folder / f"{group}.toml"
    file.write_text(tomli_w.dumps(document), encoding="utf-8")
    recipe = load(file)
    run = create(folder, group, datetime.now(UTC))
    run.write_recipe(recipe.to_toml())
    run.write_plan(make_plan(recipe, device="cpu"))
    return run


def _files(document: Mapping[str, Any]) -> set[str]:
    """The names of all files that a recipe's variants read."""
    data = [document["data"], *(one.get("data", {}) for one in document["variants"].values())]
    return {one["path"] for one in data if "path" in one}


def _diagnosed(members: Iterable[Scenario], run: RunFolder) -> Iterator[DiagnosedTrial]:
    state = standing(run)
    found, of = diagnose(state), {one.name: one for one in members}
    for trial in state.trials:
        scenario = of[trial.plan.variant]
        value = METRICS[scenario.target.metric].value(trial)
        seed = trial.plan.seed or 0
        error = None if trial.status in TRAINED else trial.error or f"it has {trial.status}"
        yield DiagnosedTrial(scenario, seed, trial.status, value, tuple(found.get(trial.index, ())), error)
