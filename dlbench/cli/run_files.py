"""The files of a run that the command line writes: its folder with recipe, surroundings and plan, and its summary."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.cli.output import say
from dlbench.errors import SetupError
from dlbench.export.json_data import as_data
from dlbench.run.atomic import write_json_atomic
from dlbench.run.environment import environment
from dlbench.run.folder import RunFolder, create
from dlbench.run.tried import TriedRemedies, keep_tried

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report
    from dlbench.plan import Plan
    from dlbench.recipe.model import Recipe


def unused(path: Path) -> Path:
    """The path, or the first of `path-2`, `path-3` ... that is free: what others have written there stays apart."""
    names = chain([path], (path.with_name(f"{path.name}-{number}") for number in count(2)))
    return next(one for one in names if not one.exists())


def keep_summary(folder: RunFolder, result: Report) -> None:
    """Write summary.json; without it nothing is lost, since it can be made again from the events."""
    try:
        write_json_atomic(folder.summary_file, as_data(result))
    except OSError as error:
        say(f"note: {folder.summary_file} cannot be written: {error.strerror}")


def make_folder(out: Path, recipe: Recipe, plan: Plan, tried: TriedRemedies | None = None) -> RunFolder:
    """A new run's folder with recipe, environment, plan and the remedies it tries; raises SetupError where it cannot be written."""
    try:
        folder = create(out, recipe.name, datetime.now(UTC).astimezone())
        folder.write_recipe(recipe.to_toml())
        write_json_atomic(folder.env_file, environment())
        if tried is not None:
            keep_tried(folder, tried)
        folder.write_plan(plan)
    except OSError as error:
        raise SetupError(
            f"{out}: a run cannot be kept there: {error.strerror}; choose another folder with --out"
        ) from error
    return folder
