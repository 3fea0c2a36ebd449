"""A run for TensorBoard: a folder a trial, written once or again and again while the run goes on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dlbench.errors import UsageError
from dlbench.export.tensorboard import event_file, hyperparameters
from dlbench.export.tensorboard.event_file import EventFile
from dlbench.export.tensorboard.hyperparameters import Setting
from dlbench.export.tensorboard.trial_log import TrialLog, curve_names, tag_of
from dlbench.export.tensorboard.written import Written, began, written_in
from dlbench.files import names_of
from dlbench.plan import Plan, candidate_text
from dlbench.run.folder import RunFolder
from dlbench.state.run_state import RunState

UNFIT = re.compile(r"[^\w ,.=+-]+")
"""What has no place in a folder's name."""


class RunLog:
    """Every trial of a run in a folder of its own below `into`: `relu/seed-0`."""

    def __init__(self, state: RunState, run: RunFolder, into: Path, *, resumes: bool = False) -> None:
        """Raises SetupError without TensorBoard's library, UsageError where `into` is there and not empty.

        With `resumes` it goes on behind what an earlier session of the run has written there, if one has.
        """
        event_file.require()
        before = began(into) if resumes else None
        if before is None and into.exists() and (not into.is_dir() or any(into.iterdir())):
            raise UsageError(
                f"{into}: is there already, and TensorBoard would mix two runs; name a new or an empty folder"
            )
        started = run.plan_file.stat().st_mtime if before is None else before
        opened = None if before is None else max(time.time(), before + 1)
        self._state, self._file, self._is_described = state, EventFile(into, started, opened), before is not None
        settings, groups = told_settings(state.plan), group_names(state.plan)
        self._trials = []
        for trial in state.trials:
            folder = into / groups[trial.plan.candidate] / f"seed-{trial.plan.seed}"
            self._trials.append(
                TrialLog(
                    trial,
                    run,
                    EventFile(folder, started, opened),
                    settings[trial.plan.candidate] | {"seed": trial.plan.seed},
                    candidate_text(trial.plan),
                    Written() if before is None else written_in(folder),
                )
            )

    def write(self) -> None:
        """Write what is new since the last time; raises UnwritableError where that cannot be done."""
        names = dict.fromkeys(name for trial in self._state.trials for name in curve_names(trial))
        if names and not self._is_described:
            self._is_described = True
            settings = [one.settings for one in self._trials]
            values = hyperparameters.experiment(settings, [tag_of(name) for name in names], self._file.started)
            self._file.write([self._file.summary(0, 0.0, values)])
        for trial in self._trials:
            trial.write()


def group_names(plan: Plan) -> list[str]:
    """A folder's name for each candidate, told apart by numbers where only what has no place in a name tells them apart."""
    return names_of(map(candidate_text, plan.candidates), UNFIT, "variant")


def told_settings(plan: Plan) -> list[dict[str, Setting]]:
    """What tells candidates apart, a dictionary each: the variant's name and the settings that are not alike in all."""
    flat = [dict(_leaves(candidate.settings)) for candidate in plan.candidates]
    columns: dict[tuple[str, ...], str] = {}
    paths = dict.fromkeys(path for settings in flat for path in settings)
    for path in sorted(paths, key=lambda path: path.count(".")):
        values = [str(settings.get(path)) for settings in flat]
        if len(set(values)) > 1:
            # What every layer takes over from the model is told of the model.
            columns.setdefault((path.rpartition(".")[2], *values), path)
    unlike = list(columns.values())
    as_text = {path for path in unlike if not _is_of_one_kind([own[path] for own in flat if path in own])}
    told: list[dict[str, Setting]] = []
    for candidate, settings in zip(plan.candidates, flat, strict=True):
        own = {path: settings[path] for path in unlike if path in settings}
        told.append({"variant": candidate.variant, **{k: str(v) if k in as_text else v for k, v in own.items()}})
    return told


def _is_of_one_kind(values: Sequence[Setting]) -> bool:
    """Whether TensorBoard can take them as one hyperparameter without writing them as text."""
    kinds = {type(value) for value in values}
    return kinds <= {int, float} or len(kinds) == 1


def _leaves(settings: Any, path: str = "") -> Iterator[tuple[str, Setting]]:
    """Every value that is no table and no list of tables, by its path."""
    items: Sequence[tuple[Any, Any]] = []
    if isinstance(settings, Mapping):
        items = list(settings.items())
    elif isinstance(settings, list) and any(isinstance(item, Mapping | list) for item in settings):
        items = list(enumerate(settings))
    elif settings is not None:
        yield path, settings if isinstance(settings, float | int | str | bool) else str(settings)
    for name, value in items:
        yield from _leaves(value, f"{path}.{name}".lstrip("."))
