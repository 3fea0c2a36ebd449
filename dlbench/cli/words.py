"""Small phrases that several verbs print."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from dlbench.cli.complete import RESULTS

if TYPE_CHECKING:
    from dlbench.plan import Plan


def counted(count: int, noun: str) -> str:
    """`1 trial`, `3 trials`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def plan_line(plan: Plan) -> str:
    """How much is trained by whom: `30 trials in 3 stacks, 1 worker on cpu`."""
    devices = ", ".join(dict.fromkeys(worker.device for worker in plan.workers))
    trained = f"{counted(len(plan.trials), 'trial')} in {counted(len(plan.stacks), 'stack')}"
    return f"{trained}, {counted(len(plan.workers), 'worker')} on {devices}"


def command(*words: str, out: Path = RESULTS) -> str:
    """A command line to copy, with `--out` where the runs do not land in the usual folder."""
    return shlex.join(["dlbench", *words, *([] if out == RESULTS else ["--out", str(out)])])
