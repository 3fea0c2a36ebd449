"""The trials of a run whose weights were kept: which there are, and what their nets look like."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dlbench.errors import DlbenchError, UsageError, hint
from dlbench.parts.datasets.base import Arrays, Source, on_board
from dlbench.parts.outline import Block, outline
from dlbench.parts.tasks import Task, task_of
from dlbench.plan import Candidate, Plan, Trial, candidate_text
from dlbench.run import weights
from dlbench.run.folder import RunFolder, read_json
from dlbench.run.weights import TrialWeights


@dataclass(frozen=True)
class KeptTrial:
    """A trial with the weights that it ended with, its net on paper, and its task."""

    folder: RunFolder
    trial: Trial
    candidate: Candidate
    kept: TrialWeights

    @property
    def facts(self) -> Any:
        """What the run knew of its data."""
        return self.kept.facts

    @property
    def name(self) -> str:
        """`sigmoid, seed 3`."""
        return _named(self.trial)

    @property
    def variant(self) -> str:
        """Its variant, with the choice of a search."""
        return candidate_text(self.candidate)

    @cached_property
    def task(self) -> Task:
        """What it has learned, told of its data as it was."""
        facts, is_numbers = self.facts, bool(self.facts["targets"])
        source = Source(
            shape=tuple(facts["shape"]),
            classes=0 if is_numbers else len(facts["class_names"]),
            train=0,
            test=0,
            load=_not_loaded,
            missing=on_board,
            train_per_class=None,
            test_per_class=None,
            class_names=tuple(facts["class_names"]),
            feature_names=tuple(facts["feature_names"]),
            task=facts["task"],
            targets=tuple(facts["targets"]),
            form=facts["form"],
        )
        return task_of(source, self.candidate.settings)

    @cached_property
    def blocks(self) -> list[Block]:
        """Its net from the input to the output layer."""
        return outline(self.candidate.settings["model"], self.task.source.shape, self.task.outputs)


def _not_loaded() -> Arrays:
    raise AssertionError("a net that is used needs none of the data that it was trained on")


def kept_trials(
    folder: RunFolder, plan: Plan, *, variant: str | None = None, seed: int | None = None
) -> tuple[list[KeptTrial], list[str]]:
    """The trials that are asked for with their weights, and notes on those that have none: they diverged or were dropped.

    `variant` is the name of one, or that with a choice of its search as tables have it: `relu, lr = 0.01`. Raises UsageError where
    there is no such trial, or the run keeps no weights, or has not come so far; DlbenchError where a file is damaged.
    """
    require_weights(folder, plan)
    asked = frozenset(_asked(plan, variant, seed))
    found, notes = [], []
    for index, stack in enumerate(plan.stacks):
        own = [plan.trials[position] for position in stack.trials if position in asked]
        kept = _read(folder, plan, index, own) if own else {}
        for trial in own:
            candidate = plan.candidates[trial.candidate]
            if trial.id in kept:
                found.append(KeptTrial(folder, trial, candidate, kept[trial.id]))
            else:
                notes.append(f"{_named(trial)}: no weights, it diverged or was dropped")
    if not found:
        raise UsageError(f"{folder.name}: {'; '.join(notes)}")
    place = {trial.id: position for position, trial in enumerate(plan.trials)}
    return sorted(found, key=lambda one: place[one.trial.id]), notes


def require_weights(folder: RunFolder, plan: Plan) -> None:
    """Raise UsageError where a run keeps no weights, with what to do."""
    if not any(_keeps(candidate) for candidate in plan.candidates):
        raise UsageError(
            f"{folder.name} kept no weights (a checkpoint only serves to go on with its training); "
            f"train again with `{_again(folder)}`"
        )


def _again(folder: RunFolder) -> str:
    """The command that made a run, as far as it is known, with the option that keeps weights."""
    try:
        _, *words = read_json(folder.env_file)["command"]
    except (DlbenchError, KeyError, TypeError, ValueError):
        words = []
    is_run = all(isinstance(word, str) for word in words) and words[:1] == ["run"]
    return shlex.join(["dlbench", *(words if is_run else ["run", folder.recipe]), "--save-weights"])


def _keeps(candidate: Candidate) -> bool:
    return bool(candidate.settings.get("evaluate", {}).get("weights"))


def _named(trial: Trial) -> str:
    return f"{candidate_text(trial)}, seed {trial.seed}"


def _asked(plan: Plan, variant: str | None, seed: int | None) -> Sequence[int]:
    """The positions of the trials of a variant and a seed; of all where none is named."""
    names = [{trial.variant, candidate_text(trial)} for trial in plan.trials]
    if variant is not None and not any(variant in own for own in names):
        known = sorted(set().union(*names))
        raise UsageError(f"no variant is called '{variant}'{hint(variant, known, _listed(known))}")
    chosen = [position for position, own in enumerate(names) if variant is None or variant in own]
    seeds = dict.fromkeys(plan.trials[position].seed for position in chosen)
    if seed is not None and seed not in seeds:
        raise UsageError(f"no trial has the seed {seed}; {_listed(map(str, seeds))}")
    return [position for position in chosen if seed is None or plan.trials[position].seed == seed]


def _listed(names: Iterable[str]) -> str:
    return f"there are {', '.join(names)}"


def _read(folder: RunFolder, plan: Plan, stack: int, trials: Sequence[Trial]) -> dict[str, TrialWeights]:
    """What trials of a stack ended with; raises UsageError where their settings ask for none, or the stack has not ended."""
    if without := next((trial for trial in trials if not _keeps(plan.candidates[trial.candidate])), None):
        raise UsageError(f"{_named(without)}: keeps no weights; name another variant, or train with --save-weights")
    path = folder.weights_file(stack)
    if not path.exists():
        raise UsageError(
            f"{folder.name}: {_named(trials[0])} has not come to its end, where weights are kept, or {path} is gone; "
            f"go on with `dlbench run --resume {folder.path}`"
        )
    return weights.read(path, {trial.id for trial in trials})
