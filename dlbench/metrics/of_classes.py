"""Metrics of single classes, of the confusion counts at a trial's end: what an accuracy hides where classes are unequal."""

from __future__ import annotations

from functools import partial

from dlbench.metrics.metric import CLASS_METRICS, Metric
from dlbench.metrics.names import CLASSIFICATION
from dlbench.metrics.quantity import ACCURACY
from dlbench.metrics.trial_view import TrialView

RECALL = "recall"
AT_END = ("balanced_accuracy", "worst_recall", RECALL)
"""Metrics that are known at the end of a training alone; what stands before the `@` of one of a class."""
SUMMARY = "Share of the test samples of class NAME that are classified correctly, at the end."


def recalls(trial: TrialView, at_step: int | None) -> dict[int, float]:
    """The share of each class's test samples that the trial takes for it, by class; a class without test samples has none.

    Empty where there are no counts: before the end of the training, beyond a hundred classes, in runs of before.
    """
    is_end = at_step is None or at_step == trial.step or (trial.stopped_at is not None and at_step > trial.step)
    counts = trial.confusion() if is_end else None
    if counts is None:
        return {}
    samples = counts.sum(axis=1).tolist()
    return {label: float(counts[label, label]) / total for label, total in enumerate(samples) if total}


def balanced_accuracy(trial: TrialView, at_step: int | None) -> float | None:
    """Mean over the classes of the share of test samples that are classified correctly, at the end."""
    found = recalls(trial, at_step)
    return sum(found.values()) / len(found) if found else None


def worst_recall(trial: TrialView, at_step: int | None) -> float | None:
    """The lowest share of correctly classified test samples that any class has, at the end."""
    return min(recalls(trial, at_step).values(), default=None)


def recall_of(name: str, trial: TrialView, at_step: int | None) -> float | None:
    """The share of the test samples of one class, by its name, that are taken for it."""
    names = list(trial.class_names)
    return recalls(trial, at_step).get(names.index(name)) if name in names else None


def _recall(name: str) -> Metric:
    summary = SUMMARY.replace("NAME", f"'{name}'")
    return Metric(
        f"{RECALL}@{name}", summary, partial(recall_of, name), "higher", ".4f", "", ACCURACY, task=CLASSIFICATION
    )


CLASS_METRICS[RECALL] = _recall
