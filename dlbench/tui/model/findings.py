"""What is wrong with a trial, in words: how it ended, if not well, and what its probes tell."""

from __future__ import annotations

from collections.abc import Iterator

from dlbench.metrics.trial_view import Status
from dlbench.state.trial_state import TrialState
from dlbench.tui.model.view import View
from dlbench.tui.model.watch import Finding, TrialWatch
from dlbench.words.number_format import number


def findings(view: View, trial: int) -> list[Finding]:
    """What is wrong with a trial now, the worst first: how it ended, if not well, then what its probes tell."""
    state = view.state.trials[trial]
    watch = view.watches.get(trial)
    if watch is None:
        watch = view.watches[trial] = TrialWatch(state)
    watch.update()
    found = watch.findings()
    if state.diverged_at is not None:
        return [_divergence(state, state.diverged_at), *(one for one in found if one.since < state.diverged_at)]
    return [*_ending(state), *found]


def _ending(state: TrialState) -> Iterator[Finding]:
    """That a trial came to an early end."""
    at = f"at step {state.step:,}"
    if state.status is Status.FAILED:
        text = f"failed {at}: {' '.join((state.error or 'no reason was given').split())}"
        yield Finding("alarm", text, (f"failed {at}",), state.step)
    elif state.status is Status.CRASHED:
        yield Finding("alarm", f"crashed {at}: its worker has gone without a word", (f"crashed {at}",), state.step)
    elif state.status is Status.DROPPED:
        yield Finding("warning", f"dropped {at}: it trains no further", (f"dropped {at}",), state.step)


def _divergence(state: TrialState, step: int) -> Finding:
    last = "" if state.last_loss is None else f", the last finite loss was {number(state.last_loss)}"
    text = f"diverged: the loss is NaN or infinite at step {step:,}{last}"
    return Finding("alarm", text, (f"diverged at step {step:,}",), step)
