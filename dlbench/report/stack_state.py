"""What the events have told of one stack so far, and the view of each of its trials."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dlbench import plan
from dlbench.report.timeline import Array, Timeline
from dlbench.report.trial import SolvedRule, Status, index_at

NO_SESSION = -1


@dataclass(frozen=True)
class Layer:
    """One row of the probes: a layer's name, its kind, and the shape of its weight if it has one."""

    name: str
    kind: str
    weight: tuple[int, ...] | None


@dataclass(frozen=True)
class Divergence:
    """A trial's loss became NaN or infinite at `step`; `last_loss` is the last finite batch loss, if there was one."""

    step: int
    last_loss: float | None
    session: int


@dataclass(frozen=True)
class End:
    """How a session's work on a stack ended: `status` is done, stopped or failed."""

    status: str
    error: str | None


@dataclass
class StackState:
    """One stack: facts from its `stack` event, its records, and how far each session came.

    Everything that a later session can void is kept by session, so that the fold does not depend on the order in which
    the files of several sessions are read.
    """

    index: int
    plan: plan.Stack
    layers: list[Layer] = field(default_factory=list)
    steps_per_epoch: int | None = None
    samples: dict[str, int] = field(default_factory=dict)
    """Sample counts of the splits: train, validation, test."""
    classes: int | None = None
    metrics: Timeline = field(default_factory=Timeline)
    """Fields: the curves and `batch_loss` as `[trials]`; `epoch` and `seconds` (of the whole stack) as scalars."""
    probes: Timeline = field(default_factory=Timeline)
    """Fields as in the event, `[trials, layers]`, histograms `[trials, layers, bins]`."""
    probe_cost: float | None = None
    """The probes' share of the time so far."""
    rate: float | None = None
    """Steps a second, recently."""
    checkpoint: int | None = None
    divergences: dict[int, list[Divergence]] = field(default_factory=dict)
    """By position of the trial in the stack."""
    queued: int = NO_SESSION
    """The last session that has the stack on its list."""
    starts: dict[int, int] = field(default_factory=dict)
    """Session -> the step at which it took the stack up."""
    reached: dict[int, int] = field(default_factory=dict)
    """Session -> the last step it told of."""
    ends: dict[int, End] = field(default_factory=dict)
    """Session -> how it ended."""

    @property
    def session(self) -> int:
        """The last session that worked on the stack, or `NO_SESSION`."""
        return max((*self.starts, *self.reached, *self.ends), default=NO_SESSION)

    @property
    def status(self) -> Status:
        """Where the stack stands, its trials' divergences aside."""
        session = self.session
        if session == NO_SESSION or self.queued > session:
            return Status.WAITING
        end = self.ends.get(session)
        if end is None:
            return Status.RUNNING
        return {"done": Status.OK, "stopped": Status.STOPPED}.get(end.status, Status.FAILED)

    @property
    def error(self) -> str | None:
        """Why it failed, if it did."""
        end = self.ends.get(self.session)
        return end.error if end and self.status is Status.FAILED else None

    @property
    def step(self) -> int:
        """The step that training has reached."""
        if self.status is Status.OK:
            return self.plan.steps
        return self.reached.get(self.session, 0)

    @property
    def eta(self) -> float | None:
        """Seconds left at the recent rate, while it runs."""
        if self.status is not Status.RUNNING or not self.rate:
            return None
        return max(self.plan.steps - self.step, 0) / self.rate

    @property
    def seconds(self) -> float | None:
        """Training time of the whole stack so far, probes and evaluation left out."""
        series = self.metrics.series("seconds")
        if series is None:
            return None
        known = series[np.isfinite(series)]
        return float(known[-1]) if len(known) else None

    def limit(self, session: int) -> int | None:
        """The last step of `session` that still counts: where the earliest later session took the stack up."""
        return min((step for later, step in self.starts.items() if later > session), default=None)

    def counts(self, session: int, step: int) -> bool:
        """Whether a record of that session at that step has not been voided by a later one."""
        limit = self.limit(session)
        return limit is None or step <= limit

    def start(self, session: int, step: int) -> None:
        """A session takes the stack up at `step`: what older ones recorded after it is void."""
        self.starts[session] = step
        self.reached[session] = max(step, self.reached.get(session, 0))
        self.metrics.drop_after(step, session)
        self.probes.drop_after(step, session)

    def divergence(self, position: int) -> Divergence | None:
        """The divergence of a trial that still counts: the earliest, of the newest session that saw one."""
        marks = [mark for mark in self.divergences.get(position, []) if self.counts(mark.session, mark.step)]
        return min(marks, key=lambda mark: (mark.step, -mark.session), default=None)


@dataclass(frozen=True)
class TrialState:
    """One trial as a view into its stack; it satisfies `dlbench.report.trial.Trial`."""

    index: int
    """Index into `Plan.trials`."""
    plan: plan.Trial
    stack: StackState
    position: int
    """Place in the stack: its index along the leading axis."""
    solved_rule: SolvedRule | None = None

    @property
    def status(self) -> Status:
        """Where it stands: its own divergence counts before the stack's status."""
        return Status.DIVERGED if self.diverged_at is not None else self.stack.status

    @property
    def error(self) -> str | None:
        """Why its stack failed, if it did."""
        return self.stack.error

    @property
    def step(self) -> int:
        """The step that its training has reached."""
        return self.stack.step

    @property
    def diverged_at(self) -> int | None:
        """The step at which it diverged, if it did."""
        mark = self.stack.divergence(self.position)
        return mark.step if mark else None

    @property
    def last_loss(self) -> float | None:
        """The last finite batch loss of a diverged trial."""
        mark = self.stack.divergence(self.position)
        return mark.last_loss if mark else None

    @property
    def steps(self) -> list[int]:
        """The steps of its evaluations, ascending."""
        return self.stack.metrics.steps

    def curve(self, name: str) -> NDArray[np.float64]:
        """One series over `steps`; NaN where there is no number."""
        series = self.stack.metrics.series(name)
        if series is None or series.ndim != 2:
            return np.full(len(self.steps), np.nan)
        return series[:, self.position].astype(np.float64, copy=False)

    @property
    def layers(self) -> list[Layer]:
        """The layers that the probes measure."""
        return self.stack.layers

    @property
    def probe_steps(self) -> list[int]:
        """The steps of its probes, ascending."""
        return self.stack.probes.steps

    def probe(self, name: str) -> Array | None:
        """One measure of all layers over `probe_steps`, `[probes, layers]` (histograms `[probes, layers, bins]`)."""
        series = self.stack.probes.series(name)
        return None if series is None else series[:, self.position]

    def gradient_norms(self, at_step: int | None = None) -> NDArray[np.float64] | None:
        """Gradient norm of every probed layer that has a weight, first to last, at the last probe or at `at_step`."""
        series = self.probe("gradient_norm")
        index = index_at(self.probe_steps, at_step, self.step)
        if series is None or index is None or series.shape[1] != len(self.layers):
            return None
        weighted = [layer.weight is not None for layer in self.layers]
        return series[index, weighted].astype(np.float64)

    @property
    def classes(self) -> int | None:
        """Number of classes of its data, once known."""
        return self.stack.classes

    @property
    def seconds(self) -> float | None:
        """Its share of the training time of its stack."""
        return None if self.stack.seconds is None else self.stack.seconds / len(self.stack.plan.trials)

    @property
    def parameters(self) -> int:
        """Numbers that it trains."""
        return self.stack.plan.parameters
