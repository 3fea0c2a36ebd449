"""The prompts that steer a run: another learning rate, conditions on which it pauses by itself, the end of a trial or of all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Input, OptionList, Static

from dlbench.errors import UsageError
from dlbench.tui.app_base import dashboard, plain, resuming
from dlbench.tui.model.trials import ended, name_of
from dlbench.tui.screens.prompt import Prompt, PromptButton, field, words
from dlbench.tui.steering.requests import breakpoints_set

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState
    from dlbench.tui.model.view import View

EXAMPLES = (
    ("first_last_gradient_ratio < 1e-6", "the gradient dies on its way down"),
    ("test_loss rises 3", "three evaluations running"),
    ("update_ratio > 0.1 in relu", "any layer of one variant"),
)


@dataclass(frozen=True)
class RateRequest:
    """Another learning rate for some trials, as indices into `Plan.trials`."""

    trials: tuple[int, ...]
    lr: float


class RatePrompt(Prompt[RateRequest]):
    """Asks for another learning rate: for all seeds of the trial's candidate, or for the trial alone."""

    HEADING = "Learning rate"
    CHANGES_RUN: ClassVar[bool] = True

    def contents(self) -> ComposeResult:
        """The rate now, and a field for another."""
        view = dashboard(self).view
        with view.lock:
            trial = view.state.trials[self.trial]
            self._seeds, over, lr = open_seeds(view, self.trial), ended(trial), rate_of(view, trial)
        if over:
            yield words(self, over)
            return
        now = "its recipe names no learning rate" if lr is None else f"learning rate {lr:g} now"
        yield words(self, f"{name_of(trial.plan)}: {now}.")
        yield words(
            self,
            "\nTakes effect from the next step; a schedule goes on scaling it. "
            "It is recorded, and marked in the table and the curves.",
            "faint",
        )
        yield field("" if lr is None else f"{lr:g}", "0.01")

    def choices(self) -> list[PromptButton]:
        """For all its seeds, or for it alone."""
        if self.trial not in self._seeds:
            return []
        alone = PromptButton("one", "This trial only")
        return (
            [PromptButton("all", f"All {len(self._seeds)} seeds", "primary"), alone]
            if len(self._seeds) > 1
            else [alone]
        )

    def accept(self, choice: str) -> None:
        """Take the number, or say why it is none."""
        try:
            lr = learning_rate(self.query_one(Input).value)
        except ValueError as error:
            self.tell(str(error))
        else:
            self.finish(RateRequest(self._seeds if choice == "all" else (self.trial,), lr))


def learning_rate(text: str) -> float:
    """A learning rate as it is typed; raises ValueError where it is no positive finite number."""
    try:
        lr = float(text)
    except ValueError:
        raise ValueError(f"'{text.strip()}' is not a number; write 0.01 or 1e-2") from None
    if not (math.isfinite(lr) and lr > 0):
        raise ValueError(f"a learning rate must be positive and finite, not {text.strip()}")
    return lr


def open_seeds(view: View, trial: int) -> tuple[int, ...]:
    """The trials of the same candidate that have not come to their end."""
    candidate = view.info.plan.trials[trial].candidate
    return tuple(
        other.index for other in view.state.trials if other.plan.candidate == candidate and not other.status.final
    )


def rate_of(view: View, trial: TrialState) -> float | None:
    """The learning rate that a trial has now: that of its last intervention, else of its recipe, schedule left out."""
    changed = [one.lr for one in trial.stack.interventions if trial.position in one.positions]
    if changed:
        return changed[-1]
    settings: Mapping[str, Any] = view.info.plan.candidates[trial.plan.candidate].settings
    lr = settings.get("train", {}).get("optimizer", {}).get("lr")
    return float(lr) if isinstance(lr, int | float) else None


@dataclass(frozen=True)
class BreakpointRequest:
    """A condition to pause on, or (`on` False) no longer."""

    when: str
    on: bool


class BreakpointPrompt(Prompt[BreakpointRequest]):
    """Asks for a condition on which the run pauses by itself; shows those that are set, to take away."""

    HEADING = "Pause when"
    CHANGES_RUN: ClassVar[bool] = True
    DEFAULT_CSS = """
    BreakpointPrompt OptionList { height: auto; max-height: 6; border: none; background: $boost; }
    """

    def contents(self) -> ComposeResult:
        """The field, examples, and the conditions that are set."""
        app = dashboard(self)
        for condition, meaning in EXAMPLES:
            yield words(self, f"{condition:<28}{meaning}", "faint")
        yield field(hint=EXAMPLES[0][0])
        self._set = breakpoints_set(app.folder, app.view.info.plan.breakpoints)
        if not self._set:
            yield words(self, "None is set.", "faint")
            return
        yield Static("Set now; press Enter or click on one to remove it:", classes="faint")
        yield OptionList(*(Text(plain(self, when)) for when in self._set), compact=True)

    def choices(self) -> list[PromptButton]:
        """Set what was typed."""
        return [PromptButton("set", "Set", "primary")]

    def accept(self, choice: str) -> None:
        """Take the condition, or say what it lacks."""
        from dlbench.plan.breakpoints import parse

        variants = {trial.variant for trial in dashboard(self).view.info.plan.trials}
        try:
            found = parse(self.query_one(Input).value, variants)
        except UsageError as error:
            self.tell(str(error))
        else:
            self.finish(BreakpointRequest(str(found), on=True))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """One that is set is to go."""
        self.finish(BreakpointRequest(self._set[event.option_index], on=False))


class StopPrompt(Prompt[bool]):
    """Asks whether to stop the whole run."""

    HEADING = "Stop the run?"
    CHANGES_RUN: ClassVar[bool] = True

    def contents(self) -> ComposeResult:
        """What happens, and how to go on."""
        yield words(
            self,
            "Every worker finishes its step, writes a checkpoint and ends. All numbers so far are kept. "
            "Other terminals that watch this run see it stop.",
        )
        yield words(self, f"\nResume it later with:\n{resuming(self)}")

    def choices(self) -> list[PromptButton]:
        """Yes."""
        return [PromptButton("yes", "Stop it", "error")]

    def accept(self, choice: str) -> None:
        """Yes it is."""
        self.finish(True)


class EndTrialPrompt(Prompt[bool]):
    """Asks whether to end one trial for good."""

    HEADING = "End this trial?"
    CHANGES_RUN: ClassVar[bool] = True

    def contents(self) -> ComposeResult:
        """What happens, and what is kept."""
        view = dashboard(self).view
        with view.lock:
            trial = view.state.trials[self.trial]
            over, place = ended(trial), f"step {trial.step:,}"
            place += f" of {trial.stack.plan.steps:,}" if trial.stack.plan.has_known_steps else ""
        self._is_over = bool(over)
        yield words(self, over or f"{name_of(trial.plan)}, at {place}.")
        if over:
            return
        yield words(
            self,
            "\nIt stops training and cannot be resumed, not even with --resume. Its numbers so far are kept; "
            "the table counts it as dropped. The other trials go on.",
        )

    def choices(self) -> list[PromptButton]:
        """Nothing to say yes to where it is over."""
        return [] if self._is_over else [PromptButton("yes", "End the trial", "error")]

    def accept(self, choice: str) -> None:
        """Yes it is."""
        self.finish(True)
