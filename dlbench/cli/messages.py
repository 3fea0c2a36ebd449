"""Small phrases that several verbs print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlbench.words import program

if TYPE_CHECKING:
    from dlbench.plan import Plan
    from dlbench.run.folder import RunFolder


def counted(count: int, noun: str) -> str:
    """`1 trial`, `3 trials`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def plan_line(plan: Plan) -> str:
    """How much is trained by whom: `30 trials in 3 stacks, 1 worker on cpu`."""
    devices = ", ".join(dict.fromkeys(worker.device for worker in plan.workers))
    trained = f"{counted(len(plan.trials), 'trial')} in {counted(len(plan.stacks), 'stack')}"
    return f"{trained}, {counted(len(plan.workers), 'worker')} on {devices}"


def weights_text(size: int) -> str:
    """What kept weights take on disk: `1.2 MB kept at the end`; nothing where none are kept."""
    if not size:
        return ""
    return f"{size / 1e6:,.1f} MB kept at the end" if size >= 1e5 else f"{size / 1e3:,.1f} kB kept at the end"


def command(*words: str | RunFolder) -> str:
    """A command line to copy; a run stands in it by its path, which holds whatever `--out` was."""
    return program.command(*(word if isinstance(word, str) else str(word.path) for word in words))
