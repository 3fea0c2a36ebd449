"""`dlbench run`: train every variant of a recipe with every seed, then say what the seeds prove."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dlbench.cli import complete
from dlbench.cli.loaded import load_all
from dlbench.cli.options import (
    Ascii,
    Cluster,
    ClusterFile,
    Detach,
    Device,
    Display,
    DryRun,
    Lang,
    Language,
    MaxSeeds,
    On,
    Out,
    Overrides,
    OwnParts,
    Profile,
    Quick,
    Resume,
    SaveWeights,
    Seeds,
    Shown,
    Strict,
    TensorBoard,
    Threads,
    ToRun,
    UntilDecided,
    Workers,
)
from dlbench.cli.output import say
from dlbench.errors import ExitCode, SetupError, UsageError
from dlbench.launch.choosing import Place, chosen
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from dlbench.cli.session import Session
    from dlbench.plan import Plan
    from dlbench.plan.machines import Machine
    from dlbench.recipe.model import Recipe


WEIGHTS, PROFILE = ("evaluate.weights=true",), ("probes.profile=true",)


def run(
    recipes: ToRun = None,
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
    until_decided: UntilDecided = False,
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
    wish = Wish(device, threads, workers, until_decided=until_decided, max_seeds=max_seeds)
    wish.require_growth(resume)
    place = chosen(on, cluster or [], cluster_file)
    session = session_of(
        out, display, lang, tensorboard, wish, place, ascii_only=ascii_only, strict=strict, detach=detach, quick=quick
    )
    if resume is not None:
        is_new = any((recipes, overrides, seeds, quick, save_weights, profile, dry_run))
        raise typer.Exit(resumed(session, resume, wish, is_new=is_new))
    changes = [*(overrides or []), *(WEIGHTS if save_weights else ()), *(PROFILE if profile else ())]
    wish, loaded = replace(wish, nodes=place.nodes()), load_all(recipes or [], changes, seeds, quick=quick)
    raise typer.Exit(show(loaded, wish, display) if dry_run else run_in_turn(session, loaded, wish))


def session_of(
    out: Path,
    display: Shown,
    lang: Language | None,
    tensorboard: Path | None,
    wish: Wish,
    place: Place,
    *,
    ascii_only: bool,
    strict: bool,
    detach: bool,
    quick: bool,
) -> Session:
    """How runs are started and shown; raises UsageError or SetupError where they cannot be."""
    from dlbench.cli.session import Session

    return Session(
        out,
        str(fitting(display)),
        readers_language(lang),
        ascii_only=ascii_only,
        strict=strict,
        detach=detach,
        tensorboard=written_along(tensorboard, detach=detach, grows=wish.grows),
        quick=quick,
        place=place,
    )


def resumed(session: Session, name: str, wish: Wish, *, is_new: bool) -> ExitCode:
    """Continue a run; `is_new` says that something else was asked for too, which raises UsageError."""
    if is_new:
        raise UsageError("--resume continues a run as it was planned; remove recipes and their options")
    if session.place.is_here:
        require_device(wish.device or "auto")
    return session.resume(
        name,
        device=wish.device,
        threads=wish.threads,
        workers=wish.workers,
        until_decided=wish.until_decided,
        max_seeds=wish.max_seeds,
    )


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


def require_machine(plans: list[Plan]) -> None:
    """Raise SetupError where a device or enough memory is surely not on this machine, before a folder is made for the run."""
    from dlbench.cli.memory_lines import require_memory

    lack_none(worker.device for plan in plans for worker in plan.workers if not worker.fallback)
    require_memory(plans)


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
    """What the command line says of who trains, on this machine or on the `nodes` of a cluster, and of further seeds."""

    device: str | None
    threads: int | None = None
    workers: int | None = None
    nodes: Sequence[Machine] = ()
    until_decided: bool = False
    max_seeds: int | None = None

    @property
    def grows(self) -> bool:
        """Whether seeds are added while a run goes on."""
        return self.until_decided or self.max_seeds is not None

    def require_growth(self, resume: str | None) -> None:
        """Raise UsageError where a limit of seeds has nothing to limit."""
        if self.max_seeds and not (self.until_decided or resume):
            raise UsageError("--max-seeds limits the seeds that --until-decided adds; add that, or give --seeds")

    def planned(self, recipes: Iterable[Recipe]) -> list[tuple[Recipe, Plan]]:
        """Recipes as they begin, with their plans."""
        tell_versions(self.nodes)
        return [planned_to_grow(one, self) if self.until_decided else (one, self.plan(one)) for one in recipes]

    def plan(self, recipe: Recipe) -> Plan:
        """What will be trained, and by whom."""
        from dlbench.plan.make import make_plan

        device, threads, workers = self.device or "auto", self.threads, self.workers
        return make_plan(recipe, device=device, threads=threads, workers=workers, nodes=self.nodes)


def plan_of(recipe: Recipe, device: str | None, threads: int | None, workers: int | None) -> Plan:
    """What will be trained on this machine, and by whom."""
    return Wish(device, threads, workers).plan(recipe)


def planned_to_grow(recipe: Recipe, wish: Wish) -> tuple[Recipe, Plan]:
    """A recipe with its first seeds and their plan, to which others are added until its claims are decided."""
    from dlbench.analysis.claims.looks import not_sequential
    from dlbench.cli.until_decided import begun

    for note in not_sequential(recipe.questions.claims):
        say(f"note: {recipe.name}: {note}")
    first, grows = begun(recipe, wish.max_seeds)
    return first, replace(wish.plan(first), until_decided=grows)


def show(recipes: Iterable[Recipe], wish: Wish, display: Shown) -> ExitCode:
    """Tell the plans without training."""
    from dlbench.cli.dry_run import show_plans

    plans = [plan for _, plan in wish.planned(recipes)]
    show_plans(plans, as_json=display is Shown.JSON, nodes=wish.nodes)
    return ExitCode.DONE


def run_in_turn(session: Session, recipes: Iterable[Recipe], wish: Wish) -> ExitCode:
    """One run after the other until a signal ends it; the gravest of their exit codes."""
    planned = wish.planned(recipes)
    if session.place.is_here:
        require_machine([plan for _, plan in planned])
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
