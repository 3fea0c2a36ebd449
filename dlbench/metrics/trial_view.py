"""What a metric can see of one trial: its status, its evaluations, its probes. Imports nothing heavy."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from numpy import float64, int64
    from numpy.typing import NDArray


class Status(StrEnum):
    """Where a trial stands. `OK`, `DIVERGED`, `DROPPED` and `FAILED` are final; a stopped or crashed trial can be resumed."""

    WAITING = "waiting"
    RUNNING = "running"
    OK = "ok"
    DIVERGED = "diverged"
    DROPPED = "dropped"
    """Someone ended it for good."""
    FAILED = "failed"
    STOPPED = "stopped"
    CRASHED = "crashed"
    """Its worker was killed, or died without a word."""

    @property
    def final(self) -> bool:
        """Whether the trial's numbers will not change any more."""
        return self in _FINAL


LOST = (Status.DIVERGED, Status.DROPPED, Status.FAILED)
"""Trials that ended for good before their last step: a mean over the others would flatter."""
_FINAL = frozenset({Status.OK, *LOST})


class SolvedRule(Protocol):
    """When an evaluation counts as solved: the curve `metric` is at least, or at most, a number."""

    @property
    def metric(self) -> str:
        """One of `CURVES`."""

    @property
    def at_least(self) -> float | None:
        """The lowest value that counts."""

    @property
    def at_most(self) -> float | None:
        """The highest value that counts."""


class TrialView(Protocol):
    """One trial as the metrics see it; `dlbench.state.run_state.TrialState` is the one in use."""

    @property
    def status(self) -> Status:
        """Where it stands."""

    @property
    def step(self) -> int:
        """The step that its training has reached."""

    @property
    def diverged_at(self) -> int | None:
        """The step at which it diverged, if it did."""

    @property
    def dropped_at(self) -> int | None:
        """The first step that it did not train because someone dropped it, if someone did."""

    @property
    def stopped_at(self) -> int | None:
        """The step from which on early stopping holds it at its best, if it does: it stays what it is."""

    @property
    def steps(self) -> Sequence[int]:
        """The steps of its evaluations, ascending."""

    def curve(self, name: str) -> NDArray[float64]:
        """One series over `steps`; NaN where there is no number."""

    def gradient_norms(self, at_step: int | None = None) -> NDArray[float64] | None:
        """Gradient norm of every probed layer that has a weight, first to last, at the last probe or at `at_step`."""

    def time_gradient_norms(self, at_step: int | None = None) -> NDArray[float64] | None:
        """Gradient norm of the first recurrent layer's state at each shown step of time, first to last, likewise."""

    def pretrained(self, name: str) -> float | None:
        """What `name` came to in the first pre-trained layer; `seconds` is its share of the time for all layers."""

    @property
    def classes(self) -> int | None:
        """Number of classes of its data, once known."""

    @property
    def class_names(self) -> Sequence[str]:
        """What the classes of its data are called; none where that is not known."""

    @property
    def chance(self) -> Mapping[str, float]:
        """What guessing costs by its loss and its metrics, as its task has told; empty where that is not known."""

    @property
    def class_counts(self) -> Sequence[int] | None:
        """How many training samples each class has, once known."""

    def confusion(self, split: str = "test") -> NDArray[int64] | None:
        """How many samples of each class it says to be of each at its end, `[true, predicted]`, once that is told."""

    @property
    def steps_per_epoch(self) -> int | None:
        """Steps of an epoch of its data, once known."""

    @property
    def seconds(self) -> float | None:
        """Its share of the training time of its stack."""

    @property
    def parameters(self) -> int:
        """Numbers that it trains."""

    @property
    def solved_rule(self) -> SolvedRule | None:
        """The recipe's own rule for `solved`, if it gives one."""


class TrialsView(Protocol):
    """Several trials of one stack, or all of it, as the metrics see them together."""

    @property
    def trials(self) -> Sequence[TrialView]:
        """The trials, at least one."""

    @property
    def steps(self) -> Sequence[int]:
        """The steps of their evaluations, ascending."""

    @property
    def marked(self) -> AbstractSet[int]:
        """The places of those that may have diverged, been dropped or stopped early; all others stand as their stack does."""

    def ends(self, at_step: int | None) -> NDArray[int64]:
        """The index of each trial's last evaluation, or the last up to `at_step`, `[trials]`; -1 where it has no numbers there.

        The caller does not write to it.
        """

    def curve(self, name: str) -> NDArray[float64] | None:
        """A series `[evaluations, trials]`, NaN where there is no number; `None` where there is no such series."""

    def gradient_norms(self, at_step: int | None = None) -> NDArray[float64] | None:
        """Gradient norms `[trials, layers]` as `TrialView` has them, NaN of trials that have none; `None` where none has any."""

    def time_gradient_norms(self, at_step: int | None = None) -> NDArray[float64] | None:
        """The same of the first recurrent layer's state, `[trials, times]`."""


def index_at(steps: Sequence[int], at_step: int | None, reached: int) -> int | None:
    """Index of the last record, or of the last at or before `at_step`; `None` while `at_step` has not been reached."""
    if at_step is None:
        return len(steps) - 1 if len(steps) else None
    if at_step > reached:
        return None
    index = bisect_right(steps, at_step) - 1
    return index if index >= 0 else None
