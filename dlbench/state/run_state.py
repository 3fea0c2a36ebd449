"""The fold: a run's events, in whatever pieces they arrive, become the state that every view shows."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

import numpy as np

from dlbench.data_facts import DataFacts
from dlbench.measures.names import HISTOGRAM
from dlbench.measures.older_names import renamed
from dlbench.metrics.trial_view import SolvedRule, Status
from dlbench.plan import Plan
from dlbench.state.data_facts import confusion_of, data_notes, facts_of
from dlbench.state.event_fields import Event, arrays, count, number, positions, text
from dlbench.state.event_records import (
    TRAIN,
    Answer,
    Divergence,
    EarlyStop,
    Hit,
    Pulse,
    StackEnd,
    WorkerFacts,
    record_of,
)
from dlbench.state.histograms import KEPT, Histograms, histogram_of
from dlbench.state.introduction import describe, introduced, taken_up
from dlbench.state.stack_state import NO_SESSION, StackState, hits_of
from dlbench.state.trial_state import trials_of

CRASHED = "crashed"


class RunState:
    """Everything known of a run: `apply` events as they come, read `trials` and `stacks` at any time.

    Events may come at once or one by one, from several sessions, out of order, torn apart by unknown kinds and missing
    fields: what cannot be read is passed over, never guessed. An event's `session` and `worker` (its file) are used where
    it carries them; without, it belongs to the stack's latest session. `solved` is the recipe's own rule for that metric;
    of `histograms` at most so many records a stack are kept, evenly thinned out.
    """

    def __init__(self, plan: Plan, *, solved: SolvedRule | None = None, histograms: int = KEPT) -> None:
        self.plan = plan
        stacks = enumerate(plan.stacks)
        self.stacks = [StackState(index, stack, histograms=Histograms(histograms)) for index, stack in stacks]
        self.data: dict[tuple[int, ...], DataFacts] = {}
        """What the stacks learn from, by their indices."""
        self.trials = trials_of(plan, self.stacks, solved, self.data)
        self.notes: list[tuple[int | None, str]] = []
        """(stack or `None`, text) in the order of arrival."""
        self.version = 0
        """Grows whenever an event has been applied."""
        self.answers: dict[str, list[Answer]] = {}
        """What the workers said of each control, by its id."""
        self.workers: dict[tuple[int, int], WorkerFacts] = {}
        """By session and worker."""
        self.unreadable: Mapping[str, int] = {}  # lines and arrays by file that are lost, as their reader counts them
        self.recordings: Sequence[str] = ()  # of a group, the name of the folder of each stack's

    def apply(self, events: Iterable[object]) -> None:
        """Fold events in; those that are not understood change nothing."""
        for event in events:
            if not isinstance(event, Mapping):
                continue
            handler = HANDLERS.get(str(event.get("kind")))
            if handler is not None:
                handler(self, event)
                self.version += 1

    def expect(self, session: int, stacks: Iterable[int]) -> bool:
        """A session has these stacks on its list: until it takes one up that waits, whatever older sessions left it as.

        Returns whether that is new.
        """
        known = [self.stacks[index] for index in stacks if 0 <= index < len(self.stacks)]
        new = [stack for stack in known if stack.queued < session]
        for stack in new:
            stack.queued = session
        return bool(new)

    def lost(self, stacks: Container[int] | None = None) -> None:
        """The workers of these stacks (without: of all) are gone without a word: what runs has crashed where it came to."""
        for index, stack in enumerate(self.stacks):
            if stacks is None or index in stacks:
                stack.queued = min(stack.queued, stack.session)
                if stack.status is Status.RUNNING:
                    stack.ends[stack.session] = StackEnd(CRASHED, None)
        self.version += 1

    @property
    def progress(self) -> float:
        """Share of the run's work that is done, 0 to 1, stacks weighed by their estimated cost."""
        total = sum(stack.plan.cost for stack in self.stacks)
        done = sum(stack.plan.cost * stack.progress for stack in self.stacks)
        return done / total if total > 0 else 0.0

    @property
    def hits(self) -> list[Hit]:
        """The breakpoints that were hit and have not been voided, by session and step; a repeated one counts once."""
        return hits_of(self.stacks)

    def _stack(self, event: Event) -> StackState | None:
        index = count(event, "stack")
        return self.stacks[index] if index is not None and index < len(self.stacks) else None

    def _on_run(self, event: Event) -> None:
        session, mine = count(event, "session"), positions(event, "stacks", len(self.stacks))
        if session is None or not isinstance(event.get("stacks"), list):
            return
        facts = introduced(event, session, mine)
        self.workers[session, facts.worker] = facts
        self.expect(session, mine)
        for index in mine:
            self.stacks[index].workers[session] = facts

    def _on_stack(self, event: Event) -> None:
        stack, step = self._stack(event), count(event, "step")
        if stack is None or step is None:
            return
        session = count(event, "session")
        session = max(stack.session, stack.queued - 1) + 1 if session is None else session
        if session >= stack.session:
            describe(stack, event)
        stack.start(session, taken_up(stack, event, step))

    def _on_metrics(self, event: Event) -> None:
        found = self._record(event)
        if found is None:
            return
        stack, session, step = found
        values = arrays(event, (len(stack.plan.trials),), np.float64)
        values |= arrays({name: event.get(name) for name in ("epoch", "seconds")}, (), np.float64)
        stack.metrics.record(step, session, values)

    def _on_probe(self, event: Event) -> None:
        found = self._record(event)
        if found is None:
            return
        stack, session, step = found
        shape = len(stack.plan.trials), len(stack.layers) or None
        # Whatever has a number a trial and layer is kept, be its measure in the catalogue of today or not.
        series = {name: value for name, value in renamed(event).items() if name != HISTOGRAM}
        stack.probes.record(step, session, arrays(series, shape, np.float32))
        histogram = histogram_of(event, shape, step, session) if stack.histograms.most else None
        if histogram is not None:
            stack.histograms.record(histogram)
        cost = number(event.get("cost"))
        stack.probe_cost = stack.probe_cost if cost is None else cost

    def _on_diverged(self, event: Event) -> None:
        if (found := self._record_of_trial(event)) is not None:
            stack, session, step, position = found
            mark = Divergence(step, number(event.get("last_loss")), session)
            stack.divergences.setdefault(position, []).append(mark)

    def _on_early_stop(self, event: Event) -> None:
        found, best = self._record_of_trial(event), count(event, "best_step")
        if found is not None and best is not None:
            stack, session, step, position = found
            stack.early_stops.setdefault(position, []).append(EarlyStop(step, best, session))

    def _on_checkpoint(self, event: Event) -> None:
        if (found := self._record(event)) is not None:
            stack, session, step = found
            stack.checkpoints[session] = step

    def _on_predictions(self, event: Event) -> None:
        if (found := self._record(event)) is not None:
            found[0].predictions[found[1]] = count(event, "bytes") or 0

    def _on_weights(self, event: Event) -> None:
        if (found := self._record(event)) is not None:
            found[0].weights[found[1]] = count(event, "bytes") or 0

    def _on_correct(self, event: Event) -> None:
        if (found := self._record(event)) is not None:
            found[0].correct.add(found[1])

    def _on_confusion(self, event: Event) -> None:
        if (found := self._record(event)) is not None:
            stack, session, step = found
            stack.confusions[session] = confusion_of(event, step, len(stack.plan.trials))

    def _on_heartbeat(self, event: Event) -> None:
        found = self._record(event)
        if found is None:
            return
        pulse = found[0].pulses.setdefault(found[1], Pulse())
        rate = number(event.get("rate"))
        if rate is not None and rate > 0:
            pulse.rate = rate
        pulse.paused = event.get("paused") is True
        pulse.memory = count(event, "memory")

    def _on_control(self, event: Event) -> None:
        """What was asked has taken effect, or has not."""
        action, error = text(event, "action"), text(event, "error")
        if action is None:
            return
        from dlbench.run.control import action_name  # few runs were steered: tables of the others do without

        answer = Answer(action_name(action), count(event, "stack"), count(event, "step"), error)
        self.answers.setdefault(str(event.get("id")), []).append(answer)
        if error is None and (found := self._record(event)) is not None:
            stack, session, step = found
            stack.control(answer.action, event, session, step)

    def _on_breakpoint(self, event: Event) -> None:
        found, when = self._record_of_trial(event), text(event, "when")
        if found is None or when is None:
            return
        from dlbench.plan.breakpoints import spelling  # likewise

        stack, session, step, position = found
        value, paused, layer = number(event.get("value")), event.get("paused") is True, text(event, "layer")
        trial = stack.plan.trials[position]
        stack.told_hits.append(Hit(stack.index, step, trial, layer, spelling(when), value, paused, session))
        if paused:
            stack.pulses.setdefault(session, Pulse()).paused = True

    def _on_pictures(self, event: Event) -> None:
        """Files of pictures; the steps of pre-training are none of the stack's."""
        stack = self._stack(event)
        found = None if stack is None else record_of(event, self._session(event, stack))
        if stack is not None and found is not None and (found.phase != TRAIN or self._record(event)):
            stack.told_pictures.append(found)

    def _on_pretrain(self, event: Event) -> None:
        """Its steps are none of the stack's."""
        stack = self._stack(event)
        if stack is not None:
            stack.pretraining.record(event, self._session(event, stack), len(stack.plan.trials))

    def _on_data(self, event: Event) -> None:
        """What some stacks learn from; a later session says the same again."""
        facts, stacks = facts_of(event), positions(event, "stacks", len(self.stacks))
        if facts is not None and stacks:
            self.data[stacks] = facts
            told = [(None, note) for note in data_notes(self.plan, {stacks: facts})]
            self.notes += [note for note in told if note not in self.notes]

    def _on_note(self, event: Event) -> None:
        if (told := text(event, "text")) is not None:
            self.notes.append((count(event, "stack"), told))

    def _on_end(self, event: Event) -> None:
        status = text(event, "status")
        if status is None:
            return
        end = StackEnd(status, text(event, "error"))
        if event.get("stack") is None:
            self._end_worker(event, end)
            return
        stack, step = self._stack(event), count(event, "step")
        if stack is not None:
            session = self._session(event, stack)
            stack.ends[session] = end
            stack.reached[session] = max(step or 0, stack.reached.get(session, 0))

    def _end_worker(self, event: Event, end: StackEnd) -> None:
        """A worker that stops or fails takes along the stacks on its list that have not ended."""
        session = count(event, "session")
        session = max((s for s, _ in self.workers), default=NO_SESSION) if session is None else session
        facts = self.workers.get((session, count(event, "worker") or 0))
        if end.status == "done" or facts is None:
            return
        for index in facts.stacks:
            self.stacks[index].ends.setdefault(session, end)

    def _record(self, event: Event) -> tuple[StackState, int, int] | None:
        """The stack, session and step of an event that tells of one step; `None` if a later session has voided it."""
        stack, step = self._stack(event), count(event, "step")
        if stack is None or step is None:
            return None
        session = self._session(event, stack)
        if not stack.counts(session, step):
            return None
        stack.reached[session] = max(step, stack.reached.get(session, 0))
        if (end := stack.ends.get(session)) and end.status == CRASHED:
            # It was only silent.
            del stack.ends[session]
        return stack, session, step

    def _record_of_trial(self, event: Event) -> tuple[StackState, int, int, int] | None:
        """The same of an event that tells of one trial, and its position in the stack."""
        found, position = self._record(event), count(event, "trial")
        return (*found, position) if found and position is not None and position < len(found[0].plan.trials) else None

    @staticmethod
    def _session(event: Event, stack: StackState) -> int:
        session = count(event, "session")
        return max(stack.session, 0) if session is None else session


HANDLERS: dict[str, Callable[[RunState, Event], None]] = {
    name.removeprefix("_on_"): method for name, method in vars(RunState).items() if name.startswith("_on_")
}
"""Kind of event -> what it does to the state; kinds without an entry are passed over."""
