"""`dlbench run`: train every variant of a recipe with every seed, then say what the seeds prove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.options import Ascii, Device, Lang, Out, Overrides, OwnParts, Quick, Seeds
from dlbench.cli.output import emit, emit_json, say
from dlbench.errors import DlbenchError, ExitCode, SetupError, UsageError, together
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from dlbench.cli.session import Session
    from dlbench.plan import Plan
    from dlbench.recipe.model import Recipe


class Shown(StrEnum):
    """What is shown while a run goes on."""

    AUTO = "auto"
    TUI = "tui"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


Recipes: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RECIPE",
        help="TOML files or names of shipped recipes, run one after another.",
        autocompletion=complete.recipes,
    ),
]
Threads: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N", help="Threads per worker.")]
Workers: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N", help="Number of worker processes.")]
Display: TypeAlias = Annotated[Shown, typer.Option(help="What to show during the run.")]
Strict: TypeAlias = Annotated[bool, typer.Option("--strict", help="Exit with code 4 if a claim is refuted.")]
Resume: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Continue a run; allows --device, --threads and --workers.",
        autocompletion=complete.runs,
    ),
]
Detach: TypeAlias = Annotated[
    bool, typer.Option("--detach", help="Start the run in the background; `dlbench runs` lists it.")
]
SaveWeights: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--save-weights", help="Keep the weights each trial ends with; `dlbench export` and `predict` read them."
    ),
]
"""A word for `--set evaluate.weights=true`."""
TensorBoard: TypeAlias = Annotated[
    Path | None,
    typer.Option("--tensorboard", metavar="DIR", help="Also write for TensorBoard, into DIR/RECIPE/TIME."),
]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Show the plan without training.")]


def run(
    recipes: Recipes = None,
    *,
    overrides: Overrides = None,
    seeds: Seeds = None,
    quick: Quick = False,
    device: Device = None,
    threads: Threads = None,
    workers: Workers = None,
    out: Out = complete.RESULTS,
    display: Display = Shown.AUTO,
    ascii_only: Ascii = False,
    lang: Lang = None,
    strict: Strict = False,
    save_weights: SaveWeights = False,
    resume: Resume = None,
    detach: Detach = False,
    tensorboard: TensorBoard = None,
    dry_run: DryRun = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Train every variant with every seed, then compare them."""
    from dlbench.cli.session import Session

    session = Session(
        out,
        str(fitting(display)),
        readers_language(lang),
        ascii_only=ascii_only,
        strict=strict,
        detach=detach,
        tensorboard=written_along(tensorboard, detach=detach),
        quick=quick,
    )
    if resume is not None:
        if recipes or overrides or seeds or quick or save_weights or dry_run:
            raise UsageError("--resume continues a run as it was planned; remove recipes and their options")
        require_device(device or "auto")
        raise typer.Exit(session.resume(resume, device=device, threads=threads, workers=workers))
    changes = [*(overrides or []), *(["evaluate.weights=true"] if save_weights else [])]
    loaded = load_all(recipes or [], changes, seeds, quick=quick)
    planned = [(recipe, plan_of(recipe, device, threads, workers)) for recipe in loaded]
    if dry_run:
        show_plans([plan for _, plan in planned], as_json=display is Shown.JSON)
    else:
        require_devices([plan for _, plan in planned])
        raise typer.Exit(run_in_turn(session, planned))


def written_along(tensorboard: Path | None, *, detach: bool) -> Path | None:
    """The folder for TensorBoard; raises UsageError or SetupError where nothing could be written meanwhile."""
    if tensorboard is None:
        return None
    from dlbench.export.tensorboard.event_file import require

    if detach:
        raise UsageError(
            "--tensorboard writes while this process waits for the run, and --detach does not; leave out one of them, or "
            "export the run later: `dlbench export RUN --format tensorboard -o DIR`"
        )
    if tensorboard.exists() and not tensorboard.is_dir():
        raise UsageError(f"--tensorboard {tensorboard}: is there already and is no folder; name one to write into")
    require()
    return tensorboard


def fitting(display: Shown) -> Shown:
    """The display that `auto` is here; raises UsageError where a dashboard is asked for and there is no terminal."""
    from dlbench.tui.terminal import is_interactive

    if display is Shown.AUTO:
        return Shown.TUI if is_interactive() else Shown.PLAIN
    if display is Shown.TUI and not is_interactive():
        raise UsageError(
            "the dashboard needs a terminal for stdin, stdout and stderr, and a TERM other than dumb; use --display plain"
        )
    return display


def load_all(names: list[str], overrides: list[str], seeds: str | None, *, quick: bool) -> list[Recipe]:
    """Every recipe, its data on this machine; raises the problems of all of them at once."""
    if not names:
        raise UsageError("no recipe given; `dlbench list` shows those that come with dlbench")
    recipes, errors = [], []
    for found in load_each(names, overrides, seeds, quick=quick):
        if isinstance(found, DlbenchError):
            errors.append(found)
        else:
            recipes.append(found)
    if errors:
        raise together(errors)
    require_data(recipes)
    for recipe in recipes:
        tell_notes(recipe)
    return recipes


def load_each(
    names: list[str], overrides: list[str], seeds: str | None, *, quick: bool
) -> Iterator[Recipe | DlbenchError]:
    """One recipe after the other, or what is wrong with it."""
    from dlbench.recipe import load
    from dlbench.recipe.source import patches

    patches(overrides, seeds)  # what is wrong with them is said once, not of every recipe
    for name in names:
        try:
            yield load(name, overrides, seeds=seeds, quick=quick)
        except DlbenchError as error:
            yield error


def tell_notes(recipe: Recipe) -> None:
    """Say which changes of the command line do not reach every variant."""
    for note in recipe.notes:
        say(f"note: {recipe.name}: {note}")


def require_data(recipes: list[Recipe]) -> None:
    """Raise SetupError where data is not on this machine, before anything starts."""
    if missing := dict.fromkeys(what for recipe in recipes for what in missing_data(recipe)):
        raise SetupError("\n".join(missing))


def missing_data(recipe: Recipe) -> list[str]:
    """What of a recipe's data is not on this machine, where it was looked for, and what to do."""
    from dlbench.parts.datasets import describe

    sources = [describe(candidate.settings["data"]) for candidate in recipe.candidates]
    return list(dict.fromkeys(filter(None, (source.missing() for source in sources))))


def require_devices(plans: list[Plan]) -> None:
    """Raise SetupError where a device is surely not on this machine, before a folder is made for the run."""
    lack_none(worker.device for plan in plans for worker in plan.workers if not worker.fallback)


def require_device(device: str) -> None:
    """The same for what `--device` says; raises UsageError where that is no device."""
    from dlbench.plan.devices import choose

    devices, fallback = choose(device)
    lack_none([] if fallback else devices)


def lack_none(devices: Iterable[str]) -> None:
    """Raise SetupError where one of the devices is surely not here."""
    from dlbench.plan.devices import lacking

    if missing := next(filter(None, map(lacking, dict.fromkeys(devices))), None):
        raise SetupError(missing)


def plan_of(recipe: Recipe, device: str | None, threads: int | None, workers: int | None) -> Plan:
    """What will be trained, and by whom."""
    from dlbench.plan.make import make_plan

    return make_plan(recipe, device=device or "auto", threads=threads, workers=workers)


def run_in_turn(session: Session, planned: list[tuple[Recipe, Plan]]) -> ExitCode:
    """One run after the other until a signal ends it; the gravest of their exit codes."""
    codes = []
    for recipe, plan in planned:
        code = session.run(recipe, plan, is_last=recipe is planned[-1][0])
        if code >= ExitCode.HANGUP:
            return code
        codes.append(code)
        if recipe is not planned[-1][0]:
            session.narrate("")
    return next((code for code in GRAVEST_FIRST if code in codes), ExitCode.DONE)


GRAVEST_FIRST = (ExitCode.ENVIRONMENT, ExitCode.TRIAL_FAILED, ExitCode.CLAIM_REFUTED)


def show_plans(plans: list[Plan], *, as_json: bool) -> None:
    """Print what would be done."""
    if as_json:
        from dlbench.cli.data_lines import as_data

        emit_json([{**asdict(plan), "data": as_data(plan.candidates)} for plan in plans])
        return
    emit("\n\n".join(map(summary, plans)))


def summary(plan: Plan) -> str:
    """A plan in lines: its data, its stacks, its workers."""
    from dlbench.cli.data_lines import data_lines
    from dlbench.cli.messages import plan_line, weights_text
    from dlbench.display.words import label

    stacks = [
        f"  stack {index}: {label(plan, stack)}, {stack.steps:,} steps, {stack.parameters:,} parameters a trial"
        for index, stack in enumerate(plan.stacks)
    ]
    workers = [
        f"  worker {index}: {worker.device}, threads: {worker.threads}, stacks: {', '.join(map(str, worker.stacks))}"
        for index, worker in enumerate(plan.workers)
    ]
    data = [f"  {line}" for line in data_lines(plan.candidates)]
    kept = [f"  weights: {text}" for text in filter(None, [weights_text(bytes_of_weights(plan))])]
    return "\n".join([f"{plan.recipe}: {plan_line(plan)}", *data, *stacks, *workers, *kept])


BYTES_OF_WEIGHT = 4


def bytes_of_weights(plan: Plan) -> int:
    """What the weights will take on disk that the run keeps, but for a few hundred bytes a trial."""
    return sum(
        stack.parameters * BYTES_OF_WEIGHT
        for stack in plan.stacks
        for trial in stack.trials
        if plan.candidates[plan.trials[trial].candidate].settings["evaluate"].get("weights")
    )
