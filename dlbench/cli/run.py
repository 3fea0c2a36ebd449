"""`dlbench run`: train every variant of a recipe with every seed, then say what the seeds prove."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.loaded import load_all
from dlbench.cli.options import Ascii, Device, Lang, Out, Overrides, OwnParts, Quick, Seeds
from dlbench.cli.output import say
from dlbench.errors import ExitCode, SetupError, UsageError
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from dlbench.cli.session import Session
    from dlbench.plan import Plan
    from dlbench.plan.machines import Machine
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
Profile: TypeAlias = Annotated[
    bool, typer.Option("--profile", help="Say at the end of each stack where the time of its training went.")
]
"""A word for `--set probes.profile=true`."""
TensorBoard: TypeAlias = Annotated[
    Path | None,
    typer.Option("--tensorboard", metavar="DIR", help="Also write for TensorBoard, into DIR/RECIPE/TIME."),
]
UntilIt: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--until-decided",
        help="Add seeds until each claim is confirmed or refuted, however often one looks; first five.",
    ),
]
MaxSeeds: TypeAlias = Annotated[
    int | None,
    typer.Option("--max-seeds", min=5, metavar="N", help="With --until-decided: at most so many seeds; default 100."),
]
On: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="CLUSTER", help="Train on a cluster: ray, ray://HOST, or slurm; default: this machine."
    ),
]
Cluster: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--cluster", metavar="KEY=VALUE", help="With --on: how the cluster is used; can be repeated."),
]
ClusterFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--cluster-file", metavar="FILE", help="With --on: a TOML file with such keys, in a table [ray] or [slurm]."
    ),
]
WEIGHTS, PROFILE = ("evaluate.weights=true",), ("probes.profile=true",)
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
    until_decided: UntilIt = False,
    max_seeds: MaxSeeds = None,
    strict: Strict = False,
    save_weights: SaveWeights = False,
    profile: Profile = False,
    resume: Resume = None,
    detach: Detach = False,
    tensorboard: TensorBoard = None,
    on: On = None,
    cluster: Cluster = None,
    cluster_file: ClusterFile = None,
    dry_run: DryRun = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Train every variant with every seed, then compare them."""
    from dlbench.cli.session import Session
    from dlbench.launch.choosing import chosen

    if max_seeds and not (until_decided or resume):
        raise UsageError("--max-seeds limits the seeds that --until-decided adds; add that, or give --seeds")
    place = chosen(on, cluster or [], cluster_file)
    session = Session(
        out,
        str(fitting(display)),
        readers_language(lang),
        ascii_only=ascii_only,
        strict=strict,
        detach=detach,
        tensorboard=written_along(tensorboard, detach=detach, grows=until_decided or max_seeds is not None),
        quick=quick,
        place=place,
    )
    if resume is not None:
        if recipes or overrides or seeds or quick or save_weights or profile or dry_run:
            raise UsageError("--resume continues a run as it was planned; remove recipes and their options")
        if place.is_here:
            require_device(device or "auto")
        code = session.resume(
            resume, device=device, threads=threads, workers=workers, until_decided=until_decided, max_seeds=max_seeds
        )
        raise typer.Exit(code)
    changes = [*(overrides or []), *(WEIGHTS if save_weights else ()), *(PROFILE if profile else ())]
    loaded = load_all(recipes or [], changes, seeds, quick=quick)
    wish = Wish(device, threads, workers, place.nodes())
    tell_versions(wish.nodes)
    planned = [planned_to_grow(one, max_seeds, wish) if until_decided else (one, wish.plan(one)) for one in loaded]
    if dry_run:
        from dlbench.cli.dry_run import show_plans

        show_plans([plan for _, plan in planned], as_json=display is Shown.JSON, nodes=wish.nodes)
    else:
        if place.is_here:
            require_devices([plan for _, plan in planned])
        raise typer.Exit(run_in_turn(session, planned))


def written_along(tensorboard: Path | None, *, detach: bool, grows: bool = False) -> Path | None:
    """The folder for TensorBoard; raises UsageError or SetupError where nothing could be written meanwhile."""
    if tensorboard is None:
        return None
    from dlbench.export.tensorboard.event_file import require

    if detach:
        raise UsageError(
            "--tensorboard writes while this process waits for the run, and --detach does not; leave out one of them, or "
            "export the run later: `dlbench export RUN --format tensorboard -o DIR`"
        )
    if grows:
        raise UsageError(
            "--tensorboard writes the seeds that a run begins with, and --until-decided adds others; leave out one of them, or "
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


def tell_versions(nodes: Sequence[Machine]) -> None:
    """Say which nodes of a cluster have other versions than this machine."""
    if any(node.versions for node in nodes):
        from dlbench.cli.cluster import odd_versions
        from dlbench.launch.on_ray.measuring import versions

        for text in odd_versions(nodes, versions()):
            say(f"note: {text}")


@dataclass(frozen=True)
class Wish:
    """What the command line says of who trains: on this machine, or on the `nodes` of a cluster."""

    device: str | None
    threads: int | None = None
    workers: int | None = None
    nodes: Sequence[Machine] = ()

    def plan(self, recipe: Recipe) -> Plan:
        """What will be trained, and by whom."""
        from dlbench.plan.make import make_plan

        device, threads, workers = self.device or "auto", self.threads, self.workers
        return make_plan(recipe, device=device, threads=threads, workers=workers, nodes=self.nodes)


def plan_of(recipe: Recipe, device: str | None, threads: int | None, workers: int | None) -> Plan:
    """What will be trained on this machine, and by whom."""
    return Wish(device, threads, workers).plan(recipe)


def planned_to_grow(recipe: Recipe, most: int | None, wish: Wish) -> tuple[Recipe, Plan]:
    """A recipe with its first seeds and their plan, to which others are added until its claims are decided."""
    from dlbench.analysis.claims.looks import not_sequential
    from dlbench.cli.until_decided import begun

    for note in not_sequential(recipe.questions.claims):
        say(f"note: {recipe.name}: {note}")
    first, grows = begun(recipe, most)
    return first, replace(wish.plan(first), until_decided=grows)


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
