"""`dlbench try`: train the variants of a run that have findings again, with one remedy each, and say what mends them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from dlbench.cli import complete
from dlbench.cli.options import (
    Ascii,
    Cluster,
    ClusterFile,
    Detach,
    Device,
    Display,
    DryRun,
    Json,
    Lang,
    Language,
    On,
    OnlyVariants,
    Out,
    OwnParts,
    Run,
    Seeds,
    Shown,
    Threads,
    Workers,
)
from dlbench.cli.output import as_text, emit, emit_json, emit_styled, has_color, say
from dlbench.cli.run import Wish, fitting, require_machine
from dlbench.errors import DlbenchError, ExitCode, UsageError
from dlbench.launch.choosing import Place, chosen
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from pathlib import Path

    from dlbench.analysis.to_try import ToMend
    from dlbench.cli.remedies_planned import PlannedRemedies
    from dlbench.cli.session import Session
    from dlbench.run.folder import RunFolder
    from dlbench.state.run_state import RunState

Fixes = Annotated[
    list[str] | None,
    typer.Option(
        "--fix", metavar="NAME", help="Only this remedy, whether a finding proposes it or not; can be repeated."
    ),
]


def try_remedies(
    run: Run,
    *,
    variants: OnlyVariants = None,
    fixes: Fixes = None,
    seeds: Seeds = None,
    device: Device = None,
    threads: Threads = None,
    workers: Workers = None,
    out: Out = complete.RESULTS,
    display: Display = Shown.AUTO,
    ascii_only: Ascii = False,
    lang: Lang = None,
    detach: Detach = False,
    on: On = None,
    cluster: Cluster = None,
    cluster_file: ClusterFile = None,
    dry_run: DryRun = False,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Train every variant with a finding again with one remedy each, and say which of them mends it.

    Same seeds, same batches; the untouched variant is trained beside them. It is an ordinary run, named RECIPE-try: watch, stop and
    resume it as any other. Of such a run itself it tells again what came of it; with --variant or --fix it tries on.
    """
    from dlbench.analysis.summary import standing
    from dlbench.cli.remedies_planned import planned_remedies
    from dlbench.run.group import find_shown
    from dlbench.run.tried import tried_in

    place = chosen(on, cluster or [], cluster_file)
    folder = find_shown(out, run)
    if tried_in(folder) is not None and not (variants or fixes):
        tell_again(folder, ascii_only=ascii_only, as_json=json)
        return
    state = standing(folder)
    wanted = _wanted(folder, state, variants or [], fixes or [], ascii_only=ascii_only, as_json=json)
    if not wanted:
        _nothing(_nothing_found(folder, state, among=variants), folder, as_json=json)
        return
    wish = Wish(device, threads, workers, place.nodes())
    planned = planned_remedies(folder, state, wanted, wish.plan, seeds=seeds)
    session = _session(out, Shown.NONE if json else fitting(display), lang, place, ascii_only=ascii_only, detach=detach)
    _try(planned, folder, session, dry_run=dry_run, as_json=json)


def _try(planned: PlannedRemedies, folder: RunFolder, session: Session, *, dry_run: bool, as_json: bool) -> None:
    """Train what is planned, or say what would be trained, or why nothing can be."""
    if dry_run:
        _show(planned, as_json=as_json)
    elif planned.plan is None:
        _nothing(_none_fits(folder, planned), folder, as_json=as_json)
    else:
        raise typer.Exit(_train(planned, session, as_json=as_json))


def _wanted(
    folder: RunFolder, state: RunState, variants: list[str], fixes: list[str], *, ascii_only: bool, as_json: bool
) -> list[ToMend]:
    """What is to be mended; of a recorded loop its remedies are told, and UsageError is raised."""
    from dlbench.analysis.diagnosis.diagnose import diagnose
    from dlbench.analysis.summary import questions_of
    from dlbench.analysis.to_try import to_mend

    found = diagnose(state)
    if not state.plan.recorded:
        return to_mend(state, found, questions_of(folder, state.plan).compare, variants, fixes)
    if as_json:
        from dlbench.analysis.diagnosis.as_data import findings_as_data

        emit_json(findings_as_data(state, found, state.trials))
    else:
        from dlbench.text.blocks import Terminal
        from dlbench.text.diagnosis import render_diagnosis

        terminal = Terminal(shutil.get_terminal_size().columns, has_color(), ascii_only, "en")
        emit_styled(as_text(render_diagnosis(state, found, state.trials, terminal)))
    raise UsageError(
        f"{folder.name}: is a recording of a loop that is not dlbench's, so its remedies are told and cannot be tried here; "
        "change your loop and record it again"
    )


def _session(
    out: Path, display: Shown, lang: Language | None, place: Place, *, ascii_only: bool, detach: bool
) -> Session:
    """How the run is started and shown."""
    from dlbench.cli.session import Session

    language = readers_language(lang)
    return Session(out, str(display), language, ascii_only=ascii_only, strict=False, detach=detach, place=place)


def _train(planned: PlannedRemedies, session: Session, *, as_json: bool) -> ExitCode:
    """Make the run's folder and train it, as `run` does."""
    from dataclasses import replace

    from dlbench.cli.loaded import require_data
    from dlbench.cli.remedies_told import remedies_data
    from dlbench.cli.run_files import make_folder

    if planned.recipe is None or planned.plan is None:
        raise DlbenchError("nothing can be tried")
    require_data([planned.recipe])
    if session.place.is_here:
        require_machine([planned.plan])
    folder = make_folder(session.out, planned.recipe, planned.plan, planned.tried)
    if as_json:
        session = replace(session, data=lambda report: remedies_data(report, planned.tried, folder.name))
    session.narrate(summary(planned))
    return session.begin(planned.recipe, folder)


def summary(planned: PlannedRemedies) -> str:
    """How much is tried, and about how long that takes."""
    from dlbench.cli.messages import counted
    from dlbench.words.number_format import clock

    tried = planned.tried
    what = f"{counted(len(tried.tried), 'remedy').replace('remedys', 'remedies')} for {counted(len(tried.sick), 'variant')}"
    left = f", {len(tried.untried)} that cannot be tried" if tried.untried else ""
    time = "" if planned.seconds is None else f", about {clock(planned.seconds)} of training"
    return f"{what}{left}{time}"


def _show(planned: PlannedRemedies, *, as_json: bool) -> None:
    """What would be trained."""
    from dlbench.cli.dry_run import summary as of_plan

    if as_json:
        trials = 0 if planned.plan is None else len(planned.plan.trials)
        emit_json({"seconds": planned.seconds, "trials": trials, "summary": summary(planned), **vars(planned.tried)})
        return
    tried = planned.tried
    lines = [
        *(f"  {one.variant}: {one.says}" for one in tried.tried),
        *(f"  not tried: {one.remedy} ({one.baseline}): {one.why}" for one in tried.untried),
    ]
    emit("\n".join([*([of_plan(planned.plan)] if planned.plan else []), summary(planned), *lines]))


def _nothing_found(folder: RunFolder, state: RunState, *, among: list[str] | None) -> str:
    """That no variant, or none of those asked for, has a finding."""
    told = "nothing found in these variants" if among else "nothing found"
    so_far = "" if all(trial.status.final for trial in state.trials) else " so far"
    return f"{folder.name}: {told}{so_far}, so there is nothing to mend"


def _none_fits(folder: RunFolder, planned: PlannedRemedies) -> str:
    """That no remedy can be tried, and why each cannot."""
    lines = [f"- {one.remedy} ({one.baseline}): {one.why}" for one in planned.tried.untried]
    return "\n".join([f"{folder.name}: none of its remedies can be tried", *lines])


def _nothing(text: str, folder: RunFolder, *, as_json: bool) -> None:
    """Say that there is nothing to try."""
    if as_json:
        emit_json({"run": None, "of": folder.name, "metric": None, "variants": []})
        say(text)
    else:
        emit(text)


def tell_again(folder: RunFolder, *, ascii_only: bool, as_json: bool) -> None:
    """What the remedies of a run have done so far."""
    from dlbench.analysis.summary import summarize
    from dlbench.cli.messages import command
    from dlbench.cli.remedies_told import remedies_data, remedies_text
    from dlbench.run.tried import tried_in

    report, tried = summarize(folder), tried_in(folder)
    if as_json and tried is not None:
        emit_json(remedies_data(report, tried, folder.name))
    else:
        emit_styled(remedies_text(report, folder, ascii_only=ascii_only))
    if not all(trial.status.final for trial in report.state.trials):
        say(f"not finished; continue with `{command('run', '--resume', folder)}`")
