"""A run's folder with predictions that a test chooses: two variants, six seeds, forty samples of three classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from synthetic_run import LN2, finished, make_plan, state_of

from dlbench.analysis.summary import Report, report
from dlbench.plan import Plan
from dlbench.plan.questions import Claim, Compare, Ensemble, Questions
from dlbench.run.folder import RunFolder, create
from dlbench.run.predictions import Predictions, write
from dlbench.state.run_state import RunState

SEEDS, SAMPLES, CLASSES = 6, 40, 3
LABELS = np.arange(SAMPLES) % CLASSES
ASKED = Ensemble([1, 3, 5])
COMPARE = Compare("test_accuracy")
PLAN = make_plan(["few", "many"], SEEDS)

Event = dict[str, Any]
Change = Callable[[list[Event]], list[Event]]


def logits_of(stack: int) -> np.ndarray:
    """What a stack's trials say: each knows the truth somewhat, and errs in its own way; the second stack errs less."""
    random = np.random.default_rng(stack)
    truth = np.eye(CLASSES)[LABELS]
    noise = random.normal(size=(SEEDS, SAMPLES, CLASSES)) * (1.2 - 0.4 * stack)
    return (1.5 * truth + noise).astype(np.float32)


def final(trial: Any) -> dict[str, float]:
    """The numbers of a trial at its end."""
    return {"train_loss": LN2, "train_accuracy": 1.0, "test_accuracy": 0.8}


def folder_of(base: Path, plan: Plan = PLAN) -> RunFolder:
    """A folder with the predictions of every stack of a plan."""
    folder = create(base, "ensemble", datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC))
    for index, stack in enumerate(plan.stacks):
        ids = [plan.trials[trial].id for trial in stack.trials]
        write(folder.predictions_file(index), Predictions(logits_of(index)[: len(ids)], LABELS, ids))
    return folder


def ended(plan: Plan = PLAN, change: Change | None = None, **options: Any) -> RunState:
    """The state of a run whose trials came to their end, if no test changes its events."""
    events = finished(plan, options.pop("final", final))
    return state_of(plan, change(events) if change else events, **options)


def reported(
    folder: RunFolder, state: RunState, asked: Ensemble | None = ASKED, claims: Iterable[Claim] = ()
) -> Report:
    """The report of a state with what the folder's predictions say."""
    return report(state, Questions(compare=COMPARE, claims=list(claims), ensemble=asked), folder)
