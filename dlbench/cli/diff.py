"""`dlbench diff`: how two runs differ, and what of it can explain their results."""

from __future__ import annotations

import shutil
from typing import Annotated

import typer

from dlbench.cli import complete
from dlbench.cli.options import Json, Out, OwnParts
from dlbench.cli.output import emit, emit_json

FirstRun = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run: its folder, RECIPE/TIME, RECIPE (its newest run) or latest.",
        autocompletion=complete.runs,
    ),
]
SecondRun = Annotated[
    str, typer.Argument(metavar="RUN", help="The run that it is held against.", autocompletion=complete.runs)
]


def diff(
    first: FirstRun,
    second: SecondRun,
    *,
    out: Out = complete.RESULTS,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Say how two runs differ: settings, data, seeds, environment, code, results, and what can explain the results.

    Variants of the same name are compared; results seed by seed where both runs have the seed. The runs may be of recipes or
    recordings of loops of one's own. Whatever differs, the exit code is 0.
    """
    from dlbench.questions.diff_data import diff_as_data
    from dlbench.questions.reasons import reasons
    from dlbench.questions.run_diff import diff_runs
    from dlbench.run.group import find_shown
    from dlbench.text.run_diff import diff_lines

    found = diff_runs(find_shown(out, first), find_shown(out, second))
    told = reasons(found)
    if json:
        emit_json(diff_as_data(found, told))
        return
    emit("\n".join(diff_lines(found, told, shutil.get_terminal_size().columns)))
