"""What the events so far say of one stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from dlbench import plan
from dlbench.metrics.trial_view import Status
from dlbench.state.data_facts import Confusion
from dlbench.state.event_fields import Event, number, positions
from dlbench.state.event_records import (
    Divergence,
    Drop,
    EarlyStop,
    Hit,
    Intervention,
    LayerFacts,
    NetBlock,
    PictureRecord,
    Pulse,
    StackEnd,
    TakenUp,
    WorkerFacts,
    in_force,
)
from dlbench.state.histograms import Histograms
from dlbench.state.pretraining import PretrainingState, Stand
from dlbench.state.timeline import Timeline

NO_SESSION = -1
ENDS = {"done": Status.OK, "stopped": Status.STOPPED, "crashed": Status.CRASHED}
"""How an `end` leaves a stack; every other has failed."""


@dataclass
class StackState:
    """One stack: facts from its `stack` event, its records, and how far each session came.

    Everything that a later session can void is kept by session, so that the fold does not depend on the order in which
    the files of several sessions are read.
    """

    index: int
    plan: plan.Stack
    layers: list[LayerFacts] = field(default_factory=list)
    net: tuple[NetBlock, ...] = ()
    """All its layers, those without a row of the probes among them; empty where the worker did not say."""
    steps_per_epoch: int | None = None
    samples: dict[str, int] = field(default_factory=dict)
    """Sample counts of the splits: train, validation, test."""
    classes: int | None = None
    class_names: list[str] = field(default_factory=list)
    class_counts: dict[str, list[int]] = field(default_factory=dict)
    chance: dict[str, float] = field(default_factory=dict)
    """Split -> how many samples of each class it has."""
    metrics: Timeline = field(default_factory=Timeline)
    """Fields: the curves and `batch_loss` as `[trials]`; `epoch` and `seconds` (of the whole stack) as scalars."""
    probes: Timeline = field(default_factory=Timeline)
    """Fields as in the event, `[trials, layers]` as float32; histograms are apart."""
    histograms: Histograms = field(default_factory=lambda: Histograms(0))
    pretraining: PretrainingState = field(default_factory=PretrainingState)
    probe_cost: float | None = None
    """The probes' share of the time so far."""
    pulses: dict[int, Pulse] = field(default_factory=dict)
    """By session."""
    checkpoints: dict[int, int] = field(default_factory=dict)
    """Session -> the step of its last checkpoint."""
    predictions: dict[int, int] = field(default_factory=dict)
    weights: dict[int, int] = field(default_factory=dict)
    """Session -> the bytes of the predictions, and of the weights, that it left."""
    correct: set[int] = field(default_factory=set)
    """Sessions that left the right answers of its trials."""
    confusions: dict[int, Confusion] = field(default_factory=dict)
    divergences: dict[int, list[Divergence]] = field(default_factory=dict)
    """By position of the trial in the stack."""
    early_stops: dict[int, list[EarlyStop]] = field(default_factory=dict)
    """By position of the trial in the stack, whether they still count or not."""
    drops: dict[int, list[Drop]] = field(default_factory=dict)
    """By position of the trial in the stack, whether they still count or not."""
    changes: list[Intervention] = field(default_factory=list)
    told_hits: list[Hit] = field(default_factory=list)
    told_pictures: list[PictureRecord] = field(default_factory=list)
    """These three whether they still count or not."""
    workers: dict[int, WorkerFacts] = field(default_factory=dict)
    """Session -> who has the stack on its list."""
    queued: int = NO_SESSION
    """The last session that has the stack on its list."""
    starts: dict[int, TakenUp] = field(default_factory=dict)
    """Session -> how it took the stack up."""
    reached: dict[int, int] = field(default_factory=dict)
    """Session -> the last step it told of."""
    ends: dict[int, StackEnd] = field(default_factory=dict)
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
        return ENDS.get(end.status, Status.FAILED)

    @property
    def error(self) -> str | None:
        """Why it failed, if it did."""
        end = self.ends.get(self.session)
        return end.error if end and self.status is Status.FAILED else None

    @property
    def step(self) -> int:
        """The step that training has reached: where nobody is left to train, a stack is done before its last."""
        left_early = self.early_stops or any(map(self._first_drop, self.drops))
        if self.status is Status.OK and self.plan.has_known_steps and not left_early:
            return self.plan.steps
        return self.reached.get(self.session, 0)

    @property
    def steps(self) -> int:
        """How many steps it trains, as planned; where nobody knows, those that it has trained."""
        return self.plan.steps if self.plan.has_known_steps else self.step

    @property
    def progress(self) -> float:
        """Share of its work that is done, 0 to 1, pre-training by its cost; 0 until its end where that is not known."""
        if self.status is Status.OK:
            return 1.0
        before = self.plan.before / self.plan.cost if self.plan.cost else 0.0
        begun = self.pretraining.stand
        known = 1.0 if self.step else begun.progress if begun else 0.0
        return before * known + (1 - before) * min(self.step / (self.plan.steps or np.inf), 1.0)

    @property
    def pretrains(self) -> Stand | None:
        """How far its pre-training is, while it is under way."""
        found = self.pretraining.stand if self.status is Status.RUNNING and not self.step else None
        return found if found and found.progress < 1 else None

    @property
    def dropped(self) -> dict[int, int]:
        """Position of a dropped trial -> the first step that it did not train."""
        marks = {position: self.drop(position) for position in self.drops}
        return {position: mark.step for position, mark in marks.items() if mark}

    @property
    def interventions(self) -> list[Intervention]:
        """The learning rates that were set by hand, in the order of their steps."""
        found = [one for one in self.changes if self._holds(one, partial(TakenUp.has_rate, change=one))]
        return sorted(found, key=lambda one: (one.step, one.session))

    @property
    def pictures(self) -> list[PictureRecord]:
        """The files of pictures, by time: those of pre-training, then by step."""
        return in_force(self.told_pictures, self.counts)

    @property
    def worker(self) -> WorkerFacts | None:
        """Who trains it, or trained it last."""
        return self.workers.get(max(self.session, self.queued))

    @property
    def checkpoint(self) -> int | None:
        """The step of the last checkpoint of its newest session."""
        return self.checkpoints.get(self.session)

    @property
    def confusion(self) -> Confusion | None:
        """What its trials took for what at their end, if that still counts."""
        found = [session for session, one in self.confusions.items() if self.counts(session, one.step)]
        return self.confusions[max(found)] if found else None

    @property
    def rate(self) -> float | None:
        """Steps a second, recently."""
        return self._pulse.rate

    @property
    def memory(self) -> int | None:
        """Bytes of its process, on a GPU those allocated there, at the last heartbeat."""
        return self._pulse.memory

    @property
    def paused(self) -> bool:
        """Whether its worker waits between two steps."""
        return self._pulse.paused and self.status is Status.RUNNING

    @property
    def _pulse(self) -> Pulse:
        return self.pulses.get(self.session, Pulse())

    @property
    def eta(self) -> float | None:
        """Seconds left at the recent rate, while it runs; `None` too where it is not known how long it trains."""
        if self.status is not Status.RUNNING or not self.rate or self.paused or not self.plan.has_known_steps:
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

    def counts(self, session: int, step: int) -> bool:
        """Whether a record of that session at that step has not been voided by a later one."""
        later = self._taken_from(session)
        return later is None or step <= later.step

    def _taken_from(self, session: int) -> TakenUp | None:
        """How the stack went on without `session`: what it did after that step is void. The first of the earliest steps."""
        later = [self.starts[other] for other in sorted(self.starts) if other > session]
        return min(later, key=lambda one: one.step, default=None)

    def _holds(self, mark: Intervention | Drop, is_saved: Callable[[TakenUp], bool]) -> bool:
        """Whether something done by hand is in force: at the very step where a later session goes on, only that can say."""
        later = self._taken_from(mark.session)
        if later is None or mark.step != later.step:
            return later is None or mark.step < later.step
        return is_saved(later)

    def start(self, session: int, taken: TakenUp) -> None:
        """A session takes the stack up: what older ones recorded after that step is void."""
        step = taken.step
        # Out of memory it begins again; what older sessions did after the first time stays void.
        self.starts.setdefault(session, taken)
        self.reached[session] = max(step, self.reached.get(session, 0))
        self.metrics.drop_after(step, session)
        self.probes.drop_after(step, session)
        self.histograms.drop_after(step, session)

    def control(self, action: str, event: Event, session: int, step: int) -> None:
        """Take over what was asked by hand, and has taken effect before a step."""
        if action in {"pause", "resume"}:
            self.pulses.setdefault(session, Pulse()).paused = action == "pause"
        elif action == "set_lr":
            lr, places = number(event.get("lr")), positions(event, "trials", len(self.plan.trials))
            if places and lr is not None:
                self.changes.append(Intervention(step, places, lr, session))
        elif action == "end_trial":
            for position in positions(event, "trials", len(self.plan.trials)):
                self.drops.setdefault(position, []).append(Drop(step, session))

    def is_marked(self, position: int) -> bool:
        """Whether anything has ever been told of one trial's end alone; without, it stands as the stack does."""
        return position in self.divergences or position in self.drops or position in self.early_stops

    def divergence(self, position: int) -> Divergence | None:
        """The divergence of a trial that still counts, unless it was dropped before."""
        mark = self._first_divergence(position) if position in self.divergences else None
        drop = self._first_drop(position) if mark else None
        return mark if mark and (drop is None or mark.step < drop.step) else None

    def drop(self, position: int) -> Drop | None:
        """The drop of a trial that still counts, unless it had diverged, or had stopped early, before."""
        drop, stop = self._first_drop(position) if position in self.drops else None, self.early_stop(position)
        is_late = drop is not None and (self.divergence(position) or (stop is not None and stop.step <= drop.step))
        return None if is_late else drop

    def early_stop(self, position: int) -> EarlyStop | None:
        """How a trial was stopped early, if it was and that still counts."""
        marks = [mark for mark in self.early_stops.get(position, ()) if self.counts(mark.session, mark.step)]
        return min(marks, key=lambda mark: (mark.step, -mark.session), default=None)

    def _first_divergence(self, position: int) -> Divergence | None:
        """The earliest, of the newest session that saw one."""
        marks = [mark for mark in self.divergences.get(position, []) if self.counts(mark.session, mark.step)]
        return min(marks, key=lambda mark: (mark.step, -mark.session), default=None)

    def _first_drop(self, position: int) -> Drop | None:
        marks = [
            mark
            for mark in self.drops.get(position, [])
            if self._holds(mark, partial(TakenUp.is_without, position=position))
        ]
        return min(marks, key=lambda mark: (mark.step, -mark.session), default=None)


def hits_of(stacks: Sequence[StackState]) -> list[Hit]:
    """The breakpoints that were hit and have not been voided, by session and step; a repeated one counts once."""
    found = {
        (hit.trial, hit.step, hit.when, hit.layer): hit
        for stack in stacks
        for hit in sorted(stack.told_hits, key=lambda one: one.session)
        if stack.counts(hit.session, hit.step)
    }
    return sorted(found.values(), key=lambda hit: (hit.session, hit.step, hit.stack, hit.trial))
