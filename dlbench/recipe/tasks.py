"""What a recipe names that the task of its data has not: metrics of classes where numbers are learned, and the other way round."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from dlbench.metrics.catalog import METRICS
from dlbench.metrics.names import CURVES, ENSEMBLE, EVALUATED, SPLITS, evaluated
from dlbench.parts.losses import LOSSES
from dlbench.parts.tasks import TASKS
from dlbench.plan import Candidate
from dlbench.recipe.messages import listed
from dlbench.recipe.source_map import KeyPath

Found = tuple[KeyPath, str]


def not_of_task(metric: str, tasks: Collection[str]) -> str | None:
    """What is said of a metric that none of the tasks has, with those of theirs to take; `None` where one has it."""
    own = evaluated(metric).task if metric in CURVES else METRICS[metric].task
    if own is None or not tasks or own in tasks:
        return None
    split = next((name for name in SPLITS if name in metric), "test")
    ways = [f"{split}_{name}" for name, one in EVALUATED.items() if one.task in tasks]
    learned = " and ".join(TASKS[task].make.learns for task in tasks)
    instead = f"; take {listed(ways, 'or')}" if ways else ""
    return f"'{metric}' is of {TASKS[own].make.learns}, but what is learned here is {learned}{instead}"


def task_mistakes(named: Iterator[tuple[KeyPath, str]], tasks: Collection[str]) -> Iterator[Found]:
    """The metrics `named` (without their steps) that no variant's task has, and variants of which a table cannot tell together."""
    if len(tasks) > 1:
        learned = listed([TASKS[task].make.learns for task in tasks])
        yield ("data",), f"variants learn {learned}, which no table compares; make a recipe of each"
        return
    for path, metric in named:
        if metric not in ENSEMBLE and (what := not_of_task(metric, tasks)):
            yield path, what


def ensembles_of_tasks(candidates: Sequence[Candidate]) -> Iterator[Found]:
    """What is learned that has no probabilities to be combined."""
    for candidate in candidates:
        loss, output = candidate.settings["train"]["loss"], candidate.settings["model"]["output"]
        if loss is not None and not _has_probabilities(candidate.task, loss["kind"], output):
            yield (
                ("ensemble",),
                f"combines probabilities of classes, and a net that learns by '{loss['kind']}' says none",
            )
            return


def _has_probabilities(task: str, loss: str, output: Mapping[str, Any]) -> bool:
    """Whether outputs are logits of one distribution over classes."""
    is_shared = loss == "cross_entropy" or output["units"] == 1
    return task == "classification" and is_shared and bool(LOSSES[loss].traits["logits"])


def usual_metric(tasks: Collection[str]) -> str | None:
    """What decides where a recipe names no metric to compare; `None` where it is not known what is learned."""
    return next((TASKS[task].make.decides for task in tasks), None)
