"""The prompt before remedies are tried: which, of which variant, and about how long that takes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from dlbench.analysis.candidate_results import known_part
from dlbench.analysis.diagnosis.diagnose import diagnose
from dlbench.analysis.to_try import ToMend, to_mend
from dlbench.tui.app_base import dashboard
from dlbench.tui.screens.prompt import Prompt, PromptButton, words
from dlbench.words.number_format import clock

RECORDED = "A loop that was recorded is not trained from here: change it by a remedy, and record it again."
NOTHING = "Nothing is wrong with this variant that a setting would mend."
NOWHERE = "There is no folder of this run, so nothing can be trained from it."


class MendPrompt(Prompt[str]):
    """Asks whether to train a variant again with one remedy each; answers with the variant's name."""

    HEADING = "Try the remedies?"
    CHANGES_RUN: ClassVar[bool] = True

    def contents(self) -> ComposeResult:
        """What would be trained, or why nothing can be."""
        app = dashboard(self)
        view = app.view
        with view.lock:
            self._variant = view.info.plan.trials[view.focus.trial].variant
            trials = [trial for trial in view.state.trials if trial.plan.variant == self._variant]
            stacks = list({id(trial.stack): trial.stack for trial in trials}.values())
            found = diagnose(view.state, stacks)
            compare = known_part(view.info.questions.compare)[0]
            wanted = to_mend(view.state, found, compare, [self._variant])
            took = sum(trial.seconds or 0.0 for trial in trials)
        tried = [one for own in wanted for one in own.proposed if one.remedy.set]
        self._refusal = (
            RECORDED if view.info.plan.recorded else NOWHERE if app.folder is None else "" if tried else NOTHING
        )
        if self._refusal:
            yield words(self, self._refusal)
            return
        yield words(self, f"{self._variant} is trained again as it is, and with one change each, by the same seeds:")
        yield words(self, "\n".join(f"- {one.remedy.name}: {one.remedy.says}" for one in tried))
        yield words(self, f"\n{about(took, wanted)}It goes on when you leave; the best is told in the end.", "faint")

    def choices(self) -> list[PromptButton]:
        """Nothing to say yes to where nothing can be tried."""
        return [] if self._refusal else [PromptButton("yes", "Try them", "primary")]

    def accept(self, choice: str) -> None:
        """Yes it is."""
        self.finish(self._variant)


def about(took: float, wanted: list[ToMend]) -> str:
    """How long it will train, by how long the variant has: as long for each remedy, and once more for the untouched one."""
    remedies = sum(bool(one.remedy.set) for own in wanted for one in own.proposed)
    return f"About {clock(took * (remedies + 1))} of training. " if took else ""
