"""`dlbench verify`: train one trial of a run again, and say whether its numbers come out as they were."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from dlbench.cli import complete
from dlbench.cli.diagnose import OneTrial
from dlbench.cli.options import Json, Out, OwnParts, Run
from dlbench.cli.output import emit, emit_json, say
from dlbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.state.run_state import RunState
    from dlbench.state.trial_state import TrialState

Tolerance = Annotated[
    float,
    typer.Option(
        "--tolerance",
        metavar="T",
        min=0.0,
        help="How far apart two numbers may lie, over the larger of both; 0: not at all.",
    ),
]
OtherThreads = Annotated[
    int | None, typer.Option("--threads", metavar="N", min=1, help="So many threads in place of the run's.")
]


def verify(
    run: Run,
    *,
    trial: OneTrial = None,
    tolerance: Tolerance = 1e-4,
    threads: OtherThreads = None,
    out: Out = complete.RESULTS,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Train one trial again, by default the first that has ended, and compare every recorded number of it and its final weights.

    As the run's plan says, in a temporary folder: on a CPU alone, elsewhere with those that it was stacked with. Exit code 0
    where all of them are equal, bit by bit or within the tolerance, which the text says; 1 where one is further off; 2 where there
    is nothing to train, as of a recording; 3 where it cannot be trained here.
    """
    from dlbench.analysis.summary import standing
    from dlbench.questions.verification import refuse_recorded, to_verify, verified
    from dlbench.questions.verification_data import verification_as_data
    from dlbench.run.group import find_shown
    from dlbench.text.verification import verification_lines

    folder = find_shown(out, run)
    refuse_recorded(folder.read_plan(), folder.name)
    state = standing(folder)
    wanted = to_verify(state) if trial is None else _named(trial, state, folder.name)
    say(f"training {wanted.plan.variant}, {wanted.plan.seed_text}, again: {wanted.stack.steps:,} steps")
    with TemporaryDirectory(prefix="dlbench-verify-") as base:
        found = verified(folder, wanted, Path(base), _train, threads=threads, tolerance=tolerance)
    if json:
        emit_json(verification_as_data(found))
    else:
        emit("\n".join(verification_lines(found, shutil.get_terminal_size().columns)))
    if found.outcome == "different":
        raise typer.Exit(ExitCode.TRIAL_FAILED)


def _named(asked: str, state: RunState, run: str) -> TrialState:
    """The trial that is named; raises UsageError where there is none, or a choice of the search has to be made."""
    from dlbench.cli.diagnose import trials_named
    from dlbench.plan import candidate_text

    first, *others = trials_named(asked, state, run)
    if others:
        named = f"{candidate_text(first.plan)},{first.plan.seed_mark}"
        raise UsageError(
            f"{asked} is {len(others) + 1} trials, one a choice of the search; name one, as --trial '{named}'"
        )
    return first


def _train(run: RunFolder) -> None:
    from dlbench.cli.probe import wait_for
    from dlbench.launch import sessions

    wait_for(sessions.start(run))
