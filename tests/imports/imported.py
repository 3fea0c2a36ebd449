"""Logs for the tests of imports, and what comes of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from dlbench.imports.collect import ImportOptions
from dlbench.imports.importing import ImportResult, import_logs
from dlbench.imports.path_fields import PathPattern
from dlbench.imports.sources import find_logs
from dlbench.imports.templates import template
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder
from dlbench.state.run_state import RunState


def asked(
    variant: str | None = None, seed: str | None = None, pattern: str | None = None, **more: Any
) -> ImportOptions:
    """Options for recordings that are called `mine`."""
    return ImportOptions(
        "mine",
        None if variant is None else template("--variant", variant),
        None if seed is None else template("--seed", seed),
        None if pattern is None else PathPattern(pattern),
        **more,
    )


def imports(form: str, paths: list[Path], out: Path, options: ImportOptions | None = None, **more: Any) -> ImportResult:
    """Import logs of a format."""
    options = options or asked()
    return import_logs(form, find_logs(form, paths, options.path_pattern), options, out, **more)


def states(out: Path) -> dict[tuple[str, int], RunState]:
    """What the recordings called `mine` say, by variant and seed; one without a seed has -1."""
    found = {}
    for plan in sorted((out / "mine").glob("*/plan.json")):
        folder = RunFolder(plan.parent)
        state = RunState(folder.read_plan())
        state.apply(EventReader(folder).poll())
        trial = state.trials[0].plan
        found[trial.variant, trial.seed] = state
    return found


def curve(state: RunState, name: str) -> dict[int, float]:
    """A metric of a recording, by step; what is missing has no step."""
    metrics = state.stacks[0].metrics
    series = metrics.series(name)
    assert series is not None, (name, metrics.fields)
    values = series[:, 0] if series.ndim > 1 else series
    return {step: float(value) for step, value in zip(metrics.steps, values, strict=True) if not math.isnan(value)}
