"""`dlbench diagnose --self-test`: the record of the diagnosis, trained and counted anew."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from dlbench.cli.output import as_text, emit_json, emit_styled, has_color, say
from dlbench.errors import ExitCode, UsageError, hint

if TYPE_CHECKING:
    from dlbench.self_test.catalogue import Scenario


def asked_for(family: str | None, *, held_out: bool, tuning: bool) -> list[Scenario]:
    """The scenarios that the options name; raises UsageError where there are none."""
    from dlbench.self_test.catalogue import chosen, scenarios

    if held_out and tuning:
        raise UsageError("--held-out and --tuning are the two parts of all scenarios; give one of them, or neither")
    families = list(dict.fromkeys(one.family for one in scenarios()))
    if family is not None and family not in families:
        raise UsageError(
            f"no family of scenarios is called '{family}'{hint(family, families, 'there are ' + '; '.join(families))}"
        )
    found = chosen(family, held_out=held_out if held_out or tuning else None)
    if not found:
        raise UsageError(
            f"'{family}' is {'not ' if held_out else ''}held out; leave out the option that asks otherwise"
        )
    return found


def tell_record(asked: Sequence[Scenario], *, as_json: bool, ascii_only: bool) -> None:
    """Train the scenarios in a temporary folder, and print how they were diagnosed.

    Exits with a code of its own where some could not be trained.
    """
    from dlbench.cli.probe import wait_for
    from dlbench.self_test.as_data import record_as_data
    from dlbench.self_test.scoring import judged
    from dlbench.self_test.training import diagnosed
    from dlbench.text.blocks import Terminal
    from dlbench.text.self_test import render_record

    with TemporaryDirectory(prefix="dlbench-self-test-") as folder:
        trials = list(diagnosed(asked, Path(folder), say, wait_for))
    found = [judged(trial) for trial in trials if trial.error is None]
    if as_json:
        emit_json(record_as_data(found))
    elif found:
        terminal = Terminal(shutil.get_terminal_size().columns, has_color(), ascii_only, "en")
        emit_styled(as_text(render_record(found, terminal)))
    for trial in trials:
        if trial.error is not None:
            say(f"error: {trial.scenario.name}, seed {trial.seed}: {trial.error}; it is not counted")
    if len(found) < len(trials):
        raise typer.Exit(ExitCode.TRIAL_FAILED)
