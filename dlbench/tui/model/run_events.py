"""What has happened in a run beside its numbers: notes, what someone changed, breakpoints, divergences, failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlbench.metrics.trial_view import Status
from dlbench.text.notes import damage_notes
from dlbench.tui.charts.ink import Ink
from dlbench.tui.model.console import harmless
from dlbench.tui.model.trials import name_of

if TYPE_CHECKING:
    from dlbench.plan import Plan
    from dlbench.state.run_state import RunState
    from dlbench.state.stack_state import StackState

MOST_NAMES = 3


@dataclass(frozen=True)
class RunEvent:
    """One thing that happened, at a step where it has one, and the ink to write it in."""

    step: int | None
    text: str
    ink: Ink = Ink.PLAIN

    @property
    def line(self) -> str:
        """It as one line that may be shown."""
        where = "" if self.step is None else f"step {self.step:,}: "
        return where + harmless(" ".join(self.text.split()))


def run_events(state: RunState) -> list[RunEvent]:
    """What is damaged, the notes in the order of their arrival; then each stack's events in the order of their steps."""
    found = [RunEvent(None, text, Ink.ALARM) for text in damage_notes(state)]
    found += [RunEvent(None, f"{_about(state.plan, stack)}{text}") for stack, text in state.notes]
    for stack in state.stacks:
        own = [*_changes(state.plan, stack), *_hits(state, stack), *_losses(state, stack)]
        found += sorted(own, key=lambda one: one.step or 0)
        if stack.status is Status.FAILED:
            found.append(
                RunEvent(
                    stack.step,
                    f"{_about(state.plan, stack.index)}failed: {stack.error or 'no reason given'}",
                    Ink.ALARM,
                )
            )
    return found


def _about(plan: Plan, stack: int | None) -> str:
    """Whom a note is about: `sigmoid, relu (20 trials): `."""
    if stack is None or not 0 <= stack < len(plan.stacks):
        return ""
    trials = plan.stacks[stack].trials
    return f"{_shortened(plan, trials)} ({len(trials)} trial{'' if len(trials) == 1 else 's'}): "


def _shortened(plan: Plan, trials: Sequence[int]) -> str:
    variants = list(dict.fromkeys(plan.trials[index].variant for index in sorted(trials)))
    more = f" + {len(variants) - MOST_NAMES} more" if len(variants) > MOST_NAMES else ""
    return ", ".join(variants[:MOST_NAMES]) + more


def _whose(plan: Plan, trials: Sequence[int]) -> str:
    """The trials by name: one in full, several by their variants and seeds."""
    if len(trials) == 1:
        return name_of(plan.trials[trials[0]])
    seeds = list(dict.fromkeys(plan.trials[index].seed_mark for index in sorted(trials)))
    more = ", ..." if len(seeds) > 2 * MOST_NAMES else ""
    return f"{_shortened(plan, trials)}, seeds {', '.join(seeds[: 2 * MOST_NAMES])}{more}"


def _changes(plan: Plan, stack: StackState) -> Iterator[RunEvent]:
    for one in stack.interventions:
        trials = [stack.plan.trials[position] for position in one.positions]
        yield RunEvent(one.step, f"learning rate {one.lr:g} for {_whose(plan, trials)}", Ink.MARK)


def _hits(state: RunState, stack: StackState) -> Iterator[RunEvent]:
    for hit in state.hits:
        if hit.stack != stack.index:
            continue
        value = "" if hit.value is None else f" ({hit.value:.3g})"
        layer = "" if hit.layer is None else f" in {hit.layer}"
        what = "paused" if hit.paused else "breakpoint"
        text = f"{what}: {hit.when}{layer}{value}, {_whose(state.plan, [hit.trial])}"
        yield RunEvent(hit.step, text, Ink.MARK)


def _losses(state: RunState, stack: StackState) -> Iterator[RunEvent]:
    for index in stack.plan.trials:
        trial = state.trials[index]
        if trial.diverged_at is not None:
            last = "" if trial.last_loss is None else f", last finite loss {trial.last_loss:.4g}"
            yield RunEvent(trial.diverged_at, f"{name_of(trial.plan)} diverged{last}", Ink.ALARM)
        if trial.stopped_at is not None:
            text = f"{name_of(trial.plan)} stopped early, back at its best of step {trial.best_step:,}"
            yield RunEvent(trial.stopped_at, text)
        if trial.dropped_at is not None:
            yield RunEvent(trial.dropped_at, f"{name_of(trial.plan)} dropped", Ink.MARK)
