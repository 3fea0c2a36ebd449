"""Records of single events: who works, what someone changed by hand, which breakpoint was hit, who diverged, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from dlbench.state.event_fields import Event, count, text

PRETRAIN, TRAIN = "pretrain", "train"
PHASES = (PRETRAIN, TRAIN)
"""In the order of time; each counts its own steps, pre-training those of each layer."""


@dataclass(frozen=True)
class LayerFacts:
    """One row of the probes: a layer's name, its kind, and the shape of its weight if it has one."""

    name: str
    kind: str
    weight: tuple[int, ...] | None


@dataclass(frozen=True)
class NetBlock:
    """One layer of a net: the shape that it puts out, how many numbers it trains, its branches where it has some.

    `parameters` are those of its branches too.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    branches: tuple[tuple[NetBlock, ...], ...] = ()


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


@dataclass(frozen=True)
class PictureRecord:
    """A file of pictures of one layer at one step of a phase; `file` is relative to the run's folder."""

    layer: str
    phase: str
    step: int
    file: str
    session: int

    @property
    def when(self) -> tuple[int, int]:
        """Its place in time, among records of its layer."""
        return PHASES.index(self.phase), self.step


def record_of(event: Event, session: int) -> PictureRecord | None:
    """The record of a `pictures` event; `None` where it is none, or names a file outside of the run."""
    layer, phase, step, file = text(event, "layer"), text(event, "phase"), count(event, "step"), text(event, "file")
    if layer is None or phase not in PHASES or step is None or not file:
        return None
    path = PurePosixPath(file)
    return None if path.is_absolute() or ".." in path.parts else PictureRecord(layer, phase, step, file, session)


def in_force(records: Sequence[PictureRecord], counts: Callable[[int, int], bool]) -> list[PictureRecord]:
    """The records that no later session has voided, by time; of several of a layer at one step the newest session's.

    Pre-training is over before step 0, so what a later session did of it is told by its own records: it voids older ones
    from its first on.
    """
    begun: dict[tuple[str, int], int] = {}
    for one in records:
        if one.phase == PRETRAIN:
            begun[one.layer, one.session] = min(one.step, begun.get((one.layer, one.session), one.step))

    def holds(one: PictureRecord) -> bool:
        if one.phase == TRAIN:
            return counts(one.session, one.step)
        return all(
            step > one.step for (layer, session), step in begun.items() if layer == one.layer and session > one.session
        )

    newest = {(one.layer, one.when): one for one in sorted(records, key=lambda one: one.session) if holds(one)}
    return sorted(newest.values(), key=lambda one: one.when)
