"""Records of single events: who works, what someone changed by hand, which breakpoint was hit, who diverged, how it ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Divergence:
    """A trial's loss became NaN or infinite at `step`; `last_loss` is the last finite batch loss, if there was one."""

    step: int
    last_loss: float | None
    session: int


@dataclass(frozen=True)
class EarlyStop:
    """A trial was stopped by its recipe's rule at the evaluation before `step`, with what it was at `best_step`."""

    step: int
    best_step: int
    session: int


@dataclass(frozen=True)
class StackEnd:
    """How a session's work on a stack ended: `status` is done, stopped or failed; crashed where nobody told of it."""

    status: str
    error: str | None


@dataclass(frozen=True)
class Intervention:
    """Someone gave trials of a stack another learning rate, from `step` on; `positions` are their places in the stack."""

    step: int
    positions: tuple[int, ...]
    lr: float
    session: int


@dataclass(frozen=True)
class Drop:
    """Someone ended a trial for good: `step` is the first that it did not train."""

    step: int
    session: int


@dataclass(frozen=True)
class TakenUp:
    """What a session found when it took a stack up: the learning rate of each trial, and the positions of those dropped.

    `None` where it did not say.
    """

    step: int
    rates: tuple[float, ...] | None
    dropped: frozenset[int] | None

    def has_rate(self, change: Intervention) -> bool:
        """Whether any of the trials trains as it was changed; another change at the same step may have followed for some."""
        return self.rates is None or any(self.rates[position] == change.lr for position in change.positions)

    def is_without(self, position: int) -> bool:
        """Whether a trial has been dropped."""
        return self.dropped is None or position in self.dropped


@dataclass(frozen=True)
class Hit:
    """A breakpoint's condition `when` came true at `step`; `trial` is an index into `Plan.trials`."""

    stack: int
    step: int
    trial: int
    layer: str | None
    when: str
    value: float | None
    paused: bool
    session: int


@dataclass(frozen=True)
class Answer:
    """What a worker said of a control: it has taken effect in `stack` before `step`, or `error` says why not."""

    action: str
    stack: int | None
    step: int | None
    error: str | None


@dataclass(frozen=True)
class WorkerFacts:
    """One process of one session as it introduced itself; what it did not say is `None`."""

    session: int
    worker: int
    stacks: tuple[int, ...]
    device: str | None = None
    device_name: str | None = None
    threads: int | None = None
    host: str | None = None
    pid: int | None = None
    torch: str | None = None


@dataclass
class Pulse:
    """What one session's heartbeats said last of a stack."""

    rate: float | None = None
    paused: bool = False
    memory: int | None = None
