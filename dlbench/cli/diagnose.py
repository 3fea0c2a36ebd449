"""`dlbench diagnose`: why nets do not learn, and what may mend it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dlbench.cli import complete
from dlbench.cli.options import Ascii, Json, Out, OwnParts
from dlbench.cli.output import as_text, emit_json, emit_styled, has_color
from dlbench.errors import UsageError

if TYPE_CHECKING:
    from dlbench.state.run_state import RunState
    from dlbench.state.trial_state import TrialState

OneTrial = Annotated[
    str | None,
    typer.Option(
        "--trial", metavar="VARIANT,SEED", help="Only this trial, such as sigmoid,3; of a search every choice."
    ),
]

MaybeRun = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run: its folder, RECIPE/TIME, RECIPE (its newest run) or latest; none with --self-test.",
        autocompletion=complete.runs,
    ),
]
SelfTest = Annotated[
    bool,
    typer.Option("--self-test", help="Train the labelled scenarios and tell how many the diagnosis names: minutes."),
]
HeldOut = Annotated[
    bool, typer.Option("--held-out", help="With --self-test, only families that no threshold was chosen by.")
]
Tuning = Annotated[bool, typer.Option("--tuning", help="With --self-test, only the other families.")]
OneFamily = Annotated[
    str | None, typer.Option("--family", metavar="NAME", help="With --self-test, only this family of scenarios.")
]


def diagnose(
    run: MaybeRun = None,
    *,
    trial: OneTrial = None,
    self_test: SelfTest = False,
    held_out: HeldOut = False,
    tuning: Tuning = False,
    family: OneFamily = None,
    out: Out = complete.RESULTS,
    ascii_only: Ascii = False,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Say why a run's nets do not learn: the finding, its evidence, what would refute it, and what may mend it.

    The run may still be at work, or be a recording of a loop of one's own. Whatever is found, the exit code is 0.
    """
    if self_test:
        from dlbench.cli.self_test import asked_for, tell_record

        if run is not None or trial is not None:
            raise UsageError("--self-test trains scenarios of its own; leave out the run and --trial")
        tell_record(asked_for(family, held_out=held_out, tuning=tuning), as_json=json, ascii_only=ascii_only)
        return
    if held_out or tuning or family:
        raise UsageError("--held-out, --tuning and --family choose among the scenarios of --self-test; add it")
    if run is None:
        raise UsageError("no run given; `dlbench runs` lists them, and --self-test needs none")
    from dlbench.analysis.diagnosis.as_data import findings_as_data
    from dlbench.analysis.diagnosis.diagnose import diagnose
    from dlbench.analysis.summary import standing
    from dlbench.run.group import find_shown
    from dlbench.text.blocks import Terminal
    from dlbench.text.diagnosis import render_diagnosis

    folder = find_shown(out, run)
    state = standing(folder)
    wanted = state.trials if trial is None else trials_named(trial, state, folder.name)
    found = diagnose(state)
    if json:
        emit_json(findings_as_data(state, found, wanted))
        return
    terminal = Terminal(shutil.get_terminal_size().columns, has_color(), ascii_only, "en")
    emit_styled(as_text(render_diagnosis(state, found, wanted, terminal)))


def trials_named(asked: str, state: RunState, run: str) -> Sequence[TrialState]:
    """The trials that `VARIANT,SEED` names, with or without the choice of a search; raises UsageError where there are none."""
    from dlbench.errors import hint
    from dlbench.plan import candidate_text

    variant, _, seed = asked.rpartition(",")
    if not variant:
        raise UsageError(f"--trial takes a variant and a seed, such as sigmoid,3; '{asked}' has no comma")
    own = [one for one in state.trials if variant.strip() in {one.plan.variant, candidate_text(one.plan)}]
    if not own:
        there = list(dict.fromkeys(one.plan.variant for one in state.trials))
        known = f"it has {', '.join(map(repr, there))}"
        raise UsageError(f"{run} has no variant '{variant}'{hint(variant, there, known)}")
    found = [one for one in own if one.plan.seed_mark == seed.strip()]
    if not found:
        seeds = ", ".join(dict.fromkeys(one.plan.seed_mark for one in own))
        raise UsageError(f"{variant} was not trained with seed '{seed.strip()}'; its seeds are {seeds}")
    return found
