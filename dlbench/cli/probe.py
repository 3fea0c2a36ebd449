"""`dlbench probe`: what every layer of a net looks like before it has learnt anything, without training."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill
from typing import TYPE_CHECKING, Any

import typer

from dlbench.cli.options import Ascii, Device, Json, OnlyVariants, Overrides, OwnParts, Quick, Recipe, Seeds
from dlbench.cli.output import emit, emit_json, emit_styled, say
from dlbench.errors import ExitCode, SetupError, UsageError, hint

if TYPE_CHECKING:
    from dlbench.analysis.profile import Profile
    from dlbench.launch.sessions import WorkerGroup
    from dlbench.plan import Candidate, Plan
    from dlbench.recipe.model import Recipe as Loaded
    from dlbench.state.run_state import RunState

POLL_SECONDS = 0.05
ENDING_SECONDS = 10.0
"""How long a worker may take to be gone that was ended by force."""


def probe(
    recipe: Recipe,
    *,
    overrides: Overrides = None,
    variants: OnlyVariants = None,
    seeds: Seeds = None,
    quick: Quick = False,
    device: Device = None,
    ascii_only: Ascii = False,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Look at every layer at step 0 without training: activations on the way forward, gradients on the way back."""
    from dlbench.analysis.profile import alike, profiles
    from dlbench.cli.data_lines import as_data, data_lines
    from dlbench.cli.loaded import load_all
    from dlbench.cli.run import plan_of, require_machine

    (loaded,) = load_all([recipe], overrides or [], seeds, quick=quick)
    groups = alike(chosen(loaded, variants or []))
    plan = plan_of(
        replace(loaded, candidates=[only_begun(first) for first, *_ in groups], breakpoints=[]), device, None, None
    )
    require_machine([plan])
    state, troubles = look(plan)
    found = profiles(state, groups)
    if json:
        data = as_data(plan.candidates)
        emit_json({"recipe": loaded.name, "data": data, "notes": [text for _, text in state.notes], "profiles": found})
    elif found:
        width = shutil.get_terminal_size().columns
        emit("\n".join([*(fill(line, width, subsequent_indent="    ") for line in data_lines(plan.candidates)), ""]))
        emit_styled(told(found, ascii_only=ascii_only))
    for _, text in [] if json else state.notes:
        say(f"note: {text}")
    for trouble in troubles:
        say(f"error: {trouble}")
    if troubles:
        raise typer.Exit(ExitCode.TRIAL_FAILED)


def chosen(recipe: Loaded, variants: Sequence[str]) -> list[Candidate]:
    """The candidates of some variants, of all where none is named; raises UsageError for what is none."""
    for name in variants:
        if name not in recipe.variants:
            there = f"it has {', '.join(repr(known) for known in recipe.variants)}"
            raise UsageError(f"'{recipe.name}' has no variant '{name}'{hint(name, recipe.variants, there)}")
    return [candidate for candidate in recipe.candidates if candidate.variant in (variants or recipe.variants)]


def only_begun(candidate: Candidate) -> Candidate:
    """The same with one step to take, and nothing measured that a profile does not show."""
    settings: dict[str, Any] = candidate.settings
    train = {**settings["train"], "steps": 1, "epochs": None}
    return replace(candidate, settings={**settings, "train": train, "probes": {"points": 1, "histograms": False}})


def look(plan: Plan) -> tuple[RunState, list[str]]:
    """Have workers take the first step of every stack in a folder that is gone afterwards; what they told, and what went wrong."""
    from dlbench.cli.follow import troubles
    from dlbench.launch.sessions import start
    from dlbench.run.events import EventReader
    from dlbench.run.folder import create
    from dlbench.state.run_state import RunState

    with TemporaryDirectory(prefix="dlbench-probe-") as base:
        folder = create(Path(base), plan.recipe, datetime.now(UTC).astimezone())
        folder.write_plan(plan)
        group = start(folder, looking=True)
        wait_for(group)
        if ExitCode.ENVIRONMENT in group.exit_codes:
            raise SetupError("\n".join(troubles(folder)))
        state = RunState(plan, histograms=0)
        state.apply(EventReader(folder, histograms=False).poll())
        failed = [stack.error for stack in state.stacks if stack.error]
        return state, [*troubles(folder), *failed]


def wait_for(group: WorkerGroup) -> None:
    """Until all workers have ended; a signal ends them, and this process with its code."""
    from dlbench.cli.interrupts import Interrupts

    with Interrupts() as interrupts:
        try:
            while interrupts.code is None and not group.has_ended:
                time.sleep(POLL_SECONDS)
        finally:
            group.stop(force=True)
            group.wait(ENDING_SECONDS)
    if interrupts.code is not None:
        raise typer.Exit(interrupts.code)


def told(profiles: Sequence[Profile], *, ascii_only: bool) -> str:
    """The profiles as text, as wide as the terminal and in colour if it has one."""
    from dlbench.cli.output import as_text, has_color
    from dlbench.text.blocks import Terminal
    from dlbench.text.profile import render_profiles

    terminal = Terminal(shutil.get_terminal_size().columns, has_color(), ascii_only, "en")
    return as_text(render_profiles(profiles, terminal))
