"""The list of metrics that a recipe can compare and claim, each a function of a trial. Imports nothing heavy."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from dlbench.measures.gradient_ratio import factor_per_layer, first_over_last
from dlbench.metrics import several as of_several
from dlbench.metrics.metric import CLASS_METRICS, DEFAULT_METRIC, METRICS, Metric, Several, metric, split_step
from dlbench.metrics.names import (
    BATCH_LOSS,
    CLASSIFICATION,
    CLIPPED_FRACTION,
    CURVES,
    LEARNING_RATE,
    PRETRAINED,
    evaluated,
)
from dlbench.metrics.of_classes import AT_END, balanced_accuracy, worst_recall
from dlbench.metrics.quantity import ACCURACY, FIXED, NEGATIVE, NUMBER, POSITIVE, RATIO, SHARE, Quantity, finite
from dlbench.metrics.solving import solves
from dlbench.metrics.trial_view import Status, TrialView, index_at

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

__all__ = ["AT_END", "CLASS_METRICS", "DEFAULT_METRIC", "METRICS", "Metric", "split_step"]


def has_end(trial: TrialView, at_step: int | None) -> bool:
    """Whether the trial has numbers at that point: a failed one has none, a diverged one only before it diverged.

    One that was dropped has them up to the step at which it was.
    """
    if trial.status is Status.FAILED:
        return False
    if trial.dropped_at is not None:
        return at_step is not None and at_step <= trial.dropped_at
    if trial.diverged_at is None:
        return trial.status is not Status.DIVERGED
    return at_step is not None and at_step < trial.diverged_at


def end_of(trial: TrialView, at_step: int | None) -> int | None:
    """Index of the last evaluation, or the last up to `at_step`; `None` while that is ahead. A stopped trial stays as it is."""
    return index_at(trial.steps, at_step, trial.step if trial.stopped_at is None or at_step is None else at_step)


def last_of(name: str, trial: TrialView, at_step: int | None) -> float | None:
    """The curve's value at the last evaluation, or at the last one up to `at_step`."""
    index = end_of(trial, at_step) if has_end(trial, at_step) else None
    return None if index is None else finite(trial.curve(name)[index])


def best_of(name: str, trial: TrialView, at_step: int | None) -> float | None:
    """The curve's best value over the evaluations (up to `at_step`), such as the highest accuracy, or the lowest loss."""
    index = end_of(trial, at_step) if has_end(trial, at_step) else None
    if index is None:
        return None
    values = [value for value in map(finite, trial.curve(name)[: index + 1]) if value is not None]
    return (min if evaluated(name).better == "lower" else max)(values, default=None)


def _register_curves() -> None:
    for prefix, words, function, several in (
        ("", "at the end", last_of, of_several.last_of),
        ("best_", "best over the evaluations", best_of, of_several.best_of),
    ):
        for name, what in CURVES.items():
            summary, own = f"{what[0].upper()}{what[1:]}, {words}.", evaluated(name)
            METRICS[prefix + name] = Metric(
                prefix + name,
                summary,
                partial(function, name),
                own.better,
                ".4f",
                "",
                own.quantity,
                task=own.task,
                several=partial(several, name),
            )


_register_curves()

for _of_classes in (balanced_accuracy, worst_recall):
    metric(better="higher", format=".4f", quantity=ACCURACY, task=CLASSIFICATION)(_of_classes)


def pretrained_of(name: str, trial: TrialView, at_step: int | None) -> float | None:
    """What pre-training came to in the first layer: it is over before step 0, so every step has the same."""
    del at_step
    value = None if trial.status is Status.FAILED else trial.pretrained(name)
    return None if value is None else finite(value)


def _register_pretrained() -> None:
    known: tuple[tuple[str, Literal["higher", "lower"], str, str, Quantity], ...] = (
        ("reconstruction_error", "lower", ".5f", "", POSITIVE),
        ("pseudo_likelihood", "higher", ".2f", "nats", NEGATIVE),
        ("free_energy_gap", "lower", ".2f", "nats", NUMBER),
        ("log_likelihood", "higher", ".1f", "nats", NEGATIVE),
    )
    for name, better, format_, unit, quantity in known:
        what = f"After pre-training, of the first layer: {PRETRAINED[name]}."
        function = partial(pretrained_of, name)
        METRICS[name] = Metric(name, what, function, better, format_, unit, quantity)


_register_pretrained()


@metric(better="lower", format=".4f", quantity=POSITIVE)
def batch_loss(trial: TrialView, at_step: int | None) -> float | None:
    """Mean loss over the batches since the evaluation before the last."""
    return last_of(BATCH_LOSS, trial, at_step)


@metric(better="higher", format=".0%", quantity=SHARE)
def solved(trial: TrialView, at_step: int | None) -> float | None:
    """1 if the trial has learned its data at the end, else 0; a diverged trial has not.

    Unless the recipe gives its own rule (`[compare] solved`), solved means on the training data an accuracy of at least 0.99,
    **and** at most a tenth of the errors of always saying the largest class, **and** a loss of at most half of what guessing the
    class shares costs (`dlbench.metrics.solving`). Accuracy alone would lie: the outputs of a net that has learned nothing sit
    within 1e-6 of 0.5, and the threshold tosses coins over them; and where one sample in 200 is positive, "never" is right 199
    times. Of numbers that are learned it means a root mean squared error of at most a tenth of what always saying their mean makes
    (99 % of the variance explained), and a loss of at most half of what the best constant costs.
    """
    if trial.status is Status.FAILED:
        return None
    if not has_end(trial, at_step):
        return 0.0 if trial.dropped_at is None else None
    index = end_of(trial, at_step)
    verdict = None if index is None else solves(trial)(index)
    return None if verdict is None else float(verdict)


@metric(better="lower", format=",.0f", unit="steps", may_never=True, quantity=POSITIVE)
def steps_to_solve(trial: TrialView, at_step: int | None) -> float | None:
    """Step of the first evaluation at which the trial has learned its data; missing where it never has."""
    if not has_end(trial, at_step):
        return None
    index = end_of(trial, at_step)
    candidates, is_solved = range(0 if index is None else index + 1), solves(trial)
    return next((float(trial.steps[i]) for i in candidates if is_solved(i)), None)


@metric(better="lower", format=".4f", quantity=ACCURACY.of_differences, task=CLASSIFICATION)
def overfit_gap(trial: TrialView, at_step: int | None) -> float | None:
    """How much larger the share of wrong answers is on the test data than on the training data, at the end."""
    train, test = (last_of(f"{split}_accuracy", trial, at_step) for split in ("train", "test"))
    return None if train is None or test is None else train - test


@metric(better="lower", format=".4f", quantity=POSITIVE)
def overfitting_rise(trial: TrialView, at_step: int | None) -> float | None:
    """How far the loss on the test data lies above its lowest at the end."""
    last, lowest = last_of("test_loss", trial, at_step), best_of("test_loss", trial, at_step)
    return None if last is None or lowest is None else last - lowest


@metric(better=None, format=",.0f", unit="steps", may_never=True, quantity=POSITIVE)
def overfitting_step(trial: TrialView, at_step: int | None) -> float | None:
    """Step of the lowest loss on the test data, from which on it rose; missing where it has not turned.

    What counts as turned is `dlbench.metrics.overfitting_onset.onset_of`: a rise that noise does not explain. Of a trial that
    stopped early it is told from what it was before it was put back.
    """
    index = end_of(trial, at_step) if has_end(trial, at_step) else None
    if index is None:
        return None
    from dlbench.metrics.overfitting_onset import onset_of

    trained = index + 1 if trial.stopped_at is None else min(index + 1, bisect_left(trial.steps, trial.stopped_at))
    turn = onset_of(trial.curve("test_loss")[:trained])
    return None if turn is None else float(trial.steps[turn])


@metric(better=None, format=".1f", unit="epochs", may_never=True, quantity=POSITIVE)
def overfitting_epoch(trial: TrialView, at_step: int | None) -> float | None:
    """Epoch of the lowest loss on the test data, from which on it rose; missing where it has not turned."""
    step = overfitting_step(trial, at_step)
    return None if step is None or not trial.steps_per_epoch else step / trial.steps_per_epoch


@metric(better=None, format=",.0f", unit="steps", quantity=POSITIVE)
def stopped_at(trial: TrialView, at_step: int | None) -> float | None:
    """Step at which early stopping returned the trial to its best state, at the latest the last; missing without it."""
    stopped = trial.stopped_at
    return None if stopped is None or (at_step is not None and at_step < stopped) else float(stopped)


@metric(better=None, format=".3g", quantity=POSITIVE)
def learning_rate(trial: TrialView, at_step: int | None) -> float | None:
    """Learning rate of the last step, what its schedule makes of it."""
    return last_of(LEARNING_RATE, trial, at_step)


@metric(better=None, format=".3f", quantity=ACCURACY)
def clipped_fraction(trial: TrialView, at_step: int | None) -> float | None:
    """Share of the steps in which `clip_norm` or `clip_value` cut the gradient; missing where nothing clips."""
    return last_of(CLIPPED_FRACTION, trial, at_step)


@metric(better=None, format=".3f", quantity=RATIO)
def first_last_gradient_ratio(trial: TrialView, at_step: int | None) -> float | None:
    """Gradient norm of the first layer with a weight over that of the last, at the last probe; near 1 is healthy."""
    return _ratio(trial.gradient_norms(at_step)) if has_end(trial, at_step) else None


@metric(better=None, format=".3f", quantity=RATIO)
def time_gradient_ratio(trial: TrialView, at_step: int | None) -> float | None:
    """Gradient norm of the first recurrent layer's state at the first step of time over that at the last, at the last probe."""
    return _ratio(trial.time_gradient_norms(at_step)) if has_end(trial, at_step) else None


@metric(better=None, format=".3f", quantity=RATIO)
def gradient_factor_per_layer(trial: TrialView, at_step: int | None) -> float | None:
    """By what the gradient norm is multiplied from each layer with a weight to the one before it, at the last probe.

    The geometric mean over all layers that the gradient reaches (`dlbench.measures.gradient_ratio.factor_per_layer`), so nets of
    any depth compare: 1 is healthy, far below it the gradient vanishes, far above it explodes.
    """
    norms = trial.gradient_norms(at_step) if has_end(trial, at_step) else None
    return None if norms is None or not len(norms) else finite(float(factor_per_layer(norms)))


@metric(better="lower", format=".0%", quantity=SHARE)
def diverged(trial: TrialView, at_step: int | None) -> float | None:
    """1 if the loss became NaN or infinite, else 0."""
    if trial.diverged_at is not None:
        return float(at_step is None or trial.diverged_at <= at_step)
    return 1.0 if trial.status is Status.DIVERGED else 0.0 if trial.status is Status.OK else None


@metric(better="lower", format=".3f", unit="s", is_shared=True, quantity=POSITIVE)
def seconds(trial: TrialView, at_step: int | None) -> float | None:  # noqa: ARG001 - a metric's signature
    """Training time of the trial: the time of its stack divided by the stack's trials; unknown for a dropped trial."""
    return trial.seconds if trial.dropped_at is None else None


@metric(better="lower", format=".3f", unit="s", is_shared=True, quantity=POSITIVE)
def pretrain_seconds(trial: TrialView, at_step: int | None) -> float | None:
    """Time of the trial before step 0: that of its stack's pre-training divided by the stack's trials."""
    return pretrained_of("seconds", trial, at_step)


@metric(better=None, format=",.0f", is_shared=True, quantity=FIXED)
def parameters(trial: TrialView, at_step: int | None) -> float | None:  # noqa: ARG001 - a metric's signature
    """Number of parameters that the trial trains; an imported log does not say it."""
    return float(trial.parameters) if trial.parameters else None


def _ratio(norms: NDArray[float64] | None) -> float | None:
    """The first over the last; none where that is 0, or there are none."""
    return None if norms is None else finite(float(first_over_last(norms)))


_TOGETHER: dict[str, Several] = {
    "batch_loss": partial(of_several.last_of, BATCH_LOSS),
    "solved": of_several.solved,
    "steps_to_solve": of_several.steps_to_solve,
    "overfit_gap": partial(of_several.gap_of, "train_accuracy", "test_accuracy"),
    "overfitting_rise": partial(of_several.best_rise_of, "test_loss"),
    "overfitting_step": of_several.overfitting_step,
    "overfitting_epoch": of_several.overfitting_epoch,
    "learning_rate": partial(of_several.last_of, LEARNING_RATE),
    "clipped_fraction": partial(of_several.last_of, CLIPPED_FRACTION),
    "first_last_gradient_ratio": of_several.first_last_gradient_ratio,
    "time_gradient_ratio": of_several.time_gradient_ratio,
    "gradient_factor_per_layer": of_several.gradient_factor_per_layer,
    **{
        name: partial(of_several.like_one, METRICS[name].function)
        for name in ("stopped_at", "diverged", "seconds", "pretrain_seconds", "parameters")
    },
}
"""How metrics are told of several trials together; of the others it is one trial after the other."""

METRICS.update({name: replace(METRICS[name], several=several) for name, several in _TOGETHER.items()})
