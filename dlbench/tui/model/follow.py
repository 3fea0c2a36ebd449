"""Which trial to look at: whoever moves takes along what stands beside it, and whoever follows goes where the training is."""

from __future__ import annotations

from dlbench.metrics.trial_view import Status
from dlbench.state.trial_state import TrialState
from dlbench.tui.model.trials import listed
from dlbench.tui.model.view import View


def look_at(view: View, trial: int) -> None:
    """Put the focus on a trial by its index; beside it comes the same seed of the candidate that stood there, if it has it."""
    focus, trials = view.focus, view.info.plan.trials
    focus.trial = trial
    if focus.beside is None:
        return
    candidate, seed = trials[focus.beside].candidate, trials[trial].seed
    same = (index for index, one in enumerate(trials) if (one.candidate, one.seed) == (candidate, seed))
    focus.beside = next(same, focus.beside)


def follow(view: View) -> int:
    """The trial to show: the focus's own, or, where that follows and its stack runs no more, one of a stack that runs.

    Then it is one with the same seed where there is one, of the next variant in the order of the plan, that passes the
    filter and has not diverged, as far as that can be had. Nothing runs: it stays.
    """
    here = view.state.trials[view.focus.trial]
    if not view.focus.follow or here.stack.status is Status.RUNNING:
        return here.index
    running = [trial for trial in view.state.trials if trial.stack.status is Status.RUNNING]
    if not running:
        return here.index
    wanted, count = set(listed(view)), len(view.info.plan.candidates)

    def rank(trial: TrialState) -> tuple[bool, bool, int, bool, int]:
        ahead = (trial.plan.candidate - here.plan.candidate) % count
        other_seed = trial.plan.seed != here.plan.seed
        return trial.index not in wanted, trial.status is not Status.RUNNING, ahead, other_seed, trial.index

    return min(running, key=rank).index
