"""The trials as the sidebar lists them: filtered, grouped by candidate, each with a mark for where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from dlbench.metrics.trial_view import Status
from dlbench.plan import choice_text
from dlbench.tui.charts.ink import Ink

if TYPE_CHECKING:
    from dlbench import plan
    from dlbench.plan import Plan
    from dlbench.state.trial_state import TrialState
    from dlbench.tui.model.view import View


@dataclass(frozen=True)
class StatusMark:
    """How a status is drawn: its sign, the same in ASCII, and its ink."""

    sign: str
    ascii: str
    ink: Ink


PAUSED = StatusMark("⏸", "=", Ink.MARK)
MARKS = {
    Status.WAITING: StatusMark("·", ".", Ink.FAINT),
    Status.RUNNING: StatusMark("▶", ">", Ink.STRONG),
    Status.OK: StatusMark("✔", "+", Ink.GOOD),
    Status.DIVERGED: StatusMark("!", "!", Ink.ALARM),
    Status.FAILED: StatusMark("✖", "x", Ink.ALARM),
    Status.CRASHED: StatusMark("†", "%", Ink.ALARM),
    Status.STOPPED: StatusMark("■", "#", Ink.FAINT),
    Status.DROPPED: StatusMark("⊘", "-", Ink.FAINT),
}
"""Every status has its own sign, so that none is told by colour alone."""


@dataclass(frozen=True)
class TrialGroup:
    """A candidate and those of its trials that pass the filter, as indices into `Plan.trials`."""

    candidate: int
    variant: str
    choice: str
    """Its choice of the search in words; empty without a search."""
    trials: tuple[int, ...]

    @property
    def name(self) -> str:
        """Variant and choice: `relu, lr = 0.01`."""
        return ", ".join(filter(None, (self.variant, self.choice)))


def name_of(trial: plan.Trial) -> str:
    """A trial as people name it: `relu, lr = 0.01, seed 3`."""
    return ", ".join(filter(None, (trial.variant, choice_text(trial.choice), trial.seed_text)))


def ended(trial: TrialState) -> str:
    """That a trial has come to its end, as a sentence; empty while it has not."""
    if not trial.status.final:
        return ""
    return f"{name_of(trial.plan)} has ended already ({'done' if trial.status is Status.OK else trial.status})."


def passes(trial: plan.Trial, text: str) -> bool:
    """Whether a filter lets a trial through: every word of it is in the trial's name, whatever its case."""
    name = name_of(trial).lower()
    return all(word in name for word in text.lower().split())


def groups(plan: Plan, text: str = "") -> list[TrialGroup]:
    """The candidates in the order of the plan with the trials that a filter lets through, those without any left out."""
    order = sorted(range(len(plan.trials)), key=lambda index: plan.trials[index].candidate)
    found = []
    for candidate, indices in groupby(order, key=lambda index: plan.trials[index].candidate):
        own = tuple(index for index in indices if passes(plan.trials[index], text))
        if own:
            first = plan.trials[own[0]]
            found.append(TrialGroup(candidate, first.variant, choice_text(first.choice), own))
    return found


def listed(view: View) -> list[int]:
    """The trials that the filter lets through, in the order of the sidebar."""
    return [index for group in groups(view.info.plan, view.focus.filter) for index in group.trials]


def mark(trial: TrialState) -> StatusMark:
    """The sign for where a trial stands."""
    status = trial.status
    return PAUSED if status is Status.RUNNING and trial.stack.paused else MARKS[status]
