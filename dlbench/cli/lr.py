"""`dlbench lr`: the loss of every variant while its learning rate grows, and the rate that this suggests."""

from __future__ import annotations

import math
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from dlbench.cli.options import Ascii, Device, Json, OnlyVariants, Overrides, OwnParts, Quick, Seeds
from dlbench.cli.options import Recipe as RecipeName
from dlbench.cli.output import emit_json, emit_styled, save, say
from dlbench.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dlbench.analysis.rate_range import RateRange
    from dlbench.recipe.model import Recipe

LEAST_STEPS = 20


Lowest: TypeAlias = Annotated[float, typer.Option("--from", metavar="RATE", help="The rate of the first step.")]
Highest: TypeAlias = Annotated[float, typer.Option("--to", metavar="RATE", help="The rate of the last step.")]
Steps: TypeAlias = Annotated[int, typer.Option(min=LEAST_STEPS, metavar="N", help="How many steps it grows for.")]
Drawn: TypeAlias = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Also draw it, as SVG, PDF or PNG.")
]


def lr(
    recipe: RecipeName,
    *,
    overrides: Overrides = None,
    variants: OnlyVariants = None,
    seeds: Seeds = None,
    quick: Quick = False,
    low: Lowest = 1e-6,
    high: Highest = 10.0,
    steps: Steps = 200,
    device: Device = None,
    file: Drawn = None,
    ascii_only: Ascii = False,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Find a learning rate: train each variant briefly with a rate that grows, and see where the loss falls and blows up."""
    from dlbench.cli.loaded import load_all
    from dlbench.cli.plot import form_of

    if not 0 < low < high < math.inf:
        raise UsageError(f"--from {low:g} --to {high:g}: the rate grows from one above 0 to a higher one, both finite")
    form = None if file is None else form_of(None, file)
    (loaded,) = load_all([recipe], overrides or [], seeds, quick=quick)
    found, notes, troubles = searched(loaded, variants or [], low, high, steps, device)
    if json:
        emit_json({"recipe": loaded.name, "from": low, "to": high, "steps": steps, "variants": as_data(found)})
    elif found:
        emit_styled(told(found, ascii_only=ascii_only))
    if file is not None and form is not None and found:
        from dlbench.export.plots.rate_range import rate_range_picture

        save(file, rate_range_picture(found, form))
    for text in [*([] if json else notes), *(f"error: {trouble}" for trouble in troubles)]:
        say(text)
    if troubles:
        raise typer.Exit(ExitCode.TRIAL_FAILED)


def searched(
    recipe: Recipe, variants: list[str], low: float, high: float, steps: int, device: str | None
) -> tuple[list[RateRange], list[str], list[str]]:
    """Train the variants while their rates grow; returns what was found, the notes, and what went wrong."""
    from dlbench.analysis.rate_range import alike, growing, rate_ranges
    from dlbench.cli.probe import chosen, look
    from dlbench.cli.run import plan_of, require_machine

    groups = alike(chosen(recipe, variants), low, high, steps)
    firsts = [growing(first, low, high, steps) for first, *_ in groups]
    plan = plan_of(replace(recipe, candidates=firsts, breakpoints=[]), device, None, None)
    require_machine([plan])
    state, troubles = look(plan)
    return rate_ranges(state, groups, low, high), [f"note: {text}" for _, text in state.notes], troubles


def as_data(found: list[RateRange]) -> list[dict[str, Any]]:
    """The variants' rates as JSON has them."""
    return [asdict(one) | {"suggestion": one.suggestion} for one in found]


def told(found: list[RateRange], *, ascii_only: bool) -> str:
    """The ranges as text, as wide as the terminal and in colour if it has one."""
    from dlbench.cli.output import as_text, has_color
    from dlbench.text.blocks import Terminal
    from dlbench.text.rate_range import render_rate_ranges

    terminal = Terminal(shutil.get_terminal_size().columns, has_color(), ascii_only, "en")
    return as_text(render_rate_ranges(found, terminal))
