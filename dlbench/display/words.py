"""The facts of a stack in progress as text, the same in bars and in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.words.number_format import clock
from dlbench.words.printable import one_line

if TYPE_CHECKING:
    from dlbench.plan import Plan, Stack
    from dlbench.state.run_state import RunState
    from dlbench.state.stack_state import StackState

LABEL_WIDTH = 32
SEPARATOR = " / "  # names of variants may hold commas
STARTING = "starting the workers"
"""What is told until the first stack begins: they import torch, which takes seconds."""


def label(plan: Plan, stack: Stack) -> str:
    """The variants that a stack trains and how many trials: `sigmoid / relu (20 trials)`."""
    variants = list(dict.fromkeys(plan.trials[index].variant for index in sorted(stack.trials)))
    count = len(stack.trials)
    return f"{shortened(list(map(one_line, variants)))} ({count} trial{'s' if count != 1 else ''})"


def shortened(names: list[str]) -> str:
    """Names in a row; what would not fit becomes `+ 3 more`."""
    shown = names[:1]
    for name in names[1:]:
        if len(SEPARATOR.join([*shown, name])) > LABEL_WIDTH:
            return f"{SEPARATOR.join(shown)} + {len(names) - len(shown)} more"
        shown.append(name)
    return SEPARATOR.join(shown)


def steps(stack: StackState) -> str:
    """How far it is: `3,400/10,000`; while it is pre-trained, `dense2 (2 of 3) 1,200/6,000`."""
    if now := stack.pretrains:
        return f"{now.layer} ({now.place} of {now.layers}) {now.step:,}/{now.steps:,}"
    return f"{stack.step:,}/{stack.plan.steps:,}" if stack.plan.has_known_steps else f"{stack.step:,}"


def doing(stack: StackState) -> str:
    """What it is at, and how far: `step 3,400/10,000`, `pre-training dense2 (2 of 3) 1,200/6,000`."""
    return f"{'pre-training' if stack.pretrains else 'step'} {steps(stack)}"


def pace(stack: StackState) -> str:
    """How fast it goes: `8,210 steps/s, 0:05 left`; its status where it does not run."""
    if not (stack.status.final or stack.paused) and stack.rate and (stack.eta or stack.status == "running"):
        rate = f"{stack.rate:,.0f}" if stack.rate >= 10 else f"{stack.rate:.2g}"
        return f"{rate} steps/s" + ("" if stack.eta is None else f", {clock(stack.eta)} left")
    return "paused" if stack.paused else "done" if stack.status == "ok" else str(stack.status)


def lost(stack: StackState) -> str:
    """How many of its trials have ended early: `2 diverged, 1 dropped`, empty if none."""
    diverged = sum(stack.divergence(position) is not None for position in stack.divergences)
    parts = ((diverged, "diverged"), (len(stack.dropped), "dropped"))
    return ", ".join(f"{count} {word}" for count, word in parts if count)


def wrong(state: RunState, stack: StackState) -> list[str]:
    """What is wrong with the candidates whose last trials it had, a sentence each, as the table will say it."""
    from dlbench.analysis.diagnosis.diagnose import diagnose
    from dlbench.text.findings import by_candidate, told_of

    own = {state.trials[index].plan.candidate for index in stack.plan.trials}
    stacks = {
        candidate: {trial.stack.index for trial in trials}
        for candidate, trials in by_candidate(state).items()
        if candidate in own and all(has_ended(trial.stack) for trial in trials)
    }
    wanted = sorted(set().union(*stacks.values()))
    return list(map(str, told_of(state, diagnose(state, [state.stacks[index] for index in wanted]), stacks).found))


def has_ended(stack: StackState) -> bool:
    """Whether nothing more will come of a stack in this session."""
    return stack.status not in {"waiting", "running"}
