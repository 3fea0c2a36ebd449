"""How a trial ended, if not well."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dlbench.analysis.diagnosis.finding import Finding, Severity
from dlbench.analysis.diagnosis.rule import Rule, rule
from dlbench.metrics.trial_view import Status
from dlbench.words.number_format import number

if TYPE_CHECKING:
    from dlbench.state.stack_state import StackState
    from dlbench.state.trial_state import TrialState


class Ending(Rule):
    """A trial that has come to an early end, by its status."""

    status: ClassVar[Status]
    severity: ClassVar[Severity] = "alarm"

    def may_find(self, stack: StackState) -> bool:
        """Where the stack ended so."""
        return stack.status is self.status

    def why(self, trial: TrialState) -> str:
        """What is told behind how it ended."""
        raise NotImplementedError

    def finds(self, trial: TrialState) -> list[Finding]:
        """That it ended so, if it did."""
        if trial.status is not self.status:
            return []
        at = f"{self.kind} at step {trial.step:,}"
        text = f"{at}: {self.why(trial)}"
        return [Finding(self.kind, self.severity, text, (text, at), trial.step)]


@rule
class Diverged(Rule):
    """The loss is NaN or infinite."""

    kind = "diverged"
    severity = "alarm"
    because = "A number has left the range of single precision: a step was too large, or the signal grew without end."
    refuted_by = "The loss would be finite at every step."
    remedies = ("lower-rate", "clip-norm", "init", "normalize-input")

    def may_find(self, stack: StackState) -> bool:
        """No stack diverges as one."""
        return False

    def finds(self, trial: TrialState) -> list[Finding]:
        """That it diverged, with the last finite loss."""
        step, loss = trial.diverged_at, trial.last_loss
        if step is None:
            return []
        last = "" if loss is None else f", the last finite loss was {number(loss)}"
        says = f"diverged: the loss is NaN or infinite at step {step:,}{last}"
        told = (says, f"diverged at step {step:,}")
        evidence = {} if loss is None else {"last_loss": loss}
        one = Finding(self.kind, self.severity, says, told, step, None, (), evidence, self.because, self.refuted_by)
        return [self.mended(one, trial)]


@rule
class Failed(Ending):
    """Its stack ended with an error."""

    kind = "failed"
    status = Status.FAILED

    def why(self, trial: TrialState) -> str:
        """The error, on one line."""
        return " ".join((trial.error or "no reason was given").split())


@rule
class Crashed(Ending):
    """Its process is gone without a word."""

    kind = "crashed"
    status = Status.CRASHED

    def why(self, trial: TrialState) -> str:
        """That nobody knows."""
        return "its process has gone without a word"


@rule
class Dropped(Ending):
    """Someone ended it for good."""

    kind = "dropped"
    severity = "warning"
    status = Status.DROPPED

    def why(self, trial: TrialState) -> str:
        """What that means."""
        return "it trains no further"


OUTSIDE = frozenset(one.kind for one in (Failed, Crashed, Dropped))
"""The kinds of findings that say how a trial ended for reasons outside of its net."""
