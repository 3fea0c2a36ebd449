"""`dlbench repeat`: a script of one's own with every combination of values and every seed, then the table of its recordings."""

from __future__ import annotations

import shlex
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.messages import command as dlbench_command
from dlbench.cli.messages import counted
from dlbench.cli.options import Ascii, Json, Lang, Out, QuestionsFile
from dlbench.cli.output import columns, emit, emit_json, emit_styled, report_text, say
from dlbench.errors import ExitCode, SetupError, UsageError, shortened
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlbench.launch.repeating import Crew
    from dlbench.plan.repeated import RepeatedTrial
    from dlbench.run.folder import RunFolder

KILLING = 2
"""How many times someone asks to stop before the processes are killed."""
POLL_SECONDS = 0.1

Command: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="COMMAND", help="The command, with {NAME} for each --set, {seed} and {variant}.")
]
Name: TypeAlias = Annotated[
    str, typer.Option("--name", metavar="NAME", help="The group of recordings: `dlbench table NAME` shows it.")
]
Values: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=A,B", help="Values of a place in the command; can be repeated, all combine."),
]
Seeds: TypeAlias = Annotated[
    str, typer.Option("--seeds", metavar="N|LIST", help='A count ("5"), a list ("0,3,7") or a range ("0-9").')
]
Variant: TypeAlias = Annotated[
    str | None,
    typer.Option("--variant", metavar="TEXT", help="What variants are called: 'rate {lr}'; default: 'lr=0.1'."),
]
Workers: TypeAlias = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Processes at once; default: one a GPU, else one a core.")
]
Again: TypeAlias = Annotated[bool, typer.Option("--again", help="Run also what has finished before.")]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Show the commands without running them.")]


def repeat(
    command: Command,
    *,
    name: Name,
    values: Values = None,
    seeds: Seeds = "5",
    variant: Variant = None,
    workers: Workers = None,
    again: Again = False,
    dry_run: DryRun = False,
    questions: QuestionsFile = None,
    out: Out = complete.RESULTS,
    ascii_only: Ascii = False,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Run a script of your own that records itself, with every value and seed, then compare them.

    What has finished before is left out, so that a second call goes on where the first one ended.
    """
    from dlbench.launch.repeating import crew_for, finished, group_folder
    from dlbench.plan.repeated import SEED, has_place

    if not name.strip():
        raise UsageError("--name: is empty; say what the group of recordings is called")
    trials = planned(command, values or [], seeds, variant)
    group = group_folder(out, name)
    done = {} if again else finished(group, trials)
    if dry_run:
        tell_commands(trials, done)
        return
    require_program(trials[0])
    check_questions(questions)
    left = left_of(group, trials, done)
    crew = crew_for(len(left), workers)
    tell_plan(name, group, trials, crew, is_own_choice=workers is None)
    if not has_place(command, SEED):
        say("note: the command has no {seed}, so the script must take its seed from DLBENCH_RECORD_SEED")
    tell_done(trials, done)
    code = run_all(out, name, left, crew, questions) if left else ExitCode.DONE
    if code < ExitCode.HANGUP:
        tell_table(group, questions, language=readers_language(lang), ascii_only=ascii_only, as_json=json)
    raise typer.Exit(code)


def planned(command: Sequence[str], values: Sequence[str], seeds: str, variant: str | None) -> list[RepeatedTrial]:
    """The trials; raises UsageError at a mistake in the command line."""
    from dlbench.plan.repeated import repeated_trials, value_lists
    from dlbench.recipe.limits import TRIALS, beyond
    from dlbench.recipe.source import seeds as seeds_of

    lists = value_lists(values)
    told = seeds_of(seeds).data["trials"]["seeds"]
    count = told if isinstance(told, int) else len(told)
    for listing in lists.values():
        count *= len(listing)
    if not count:
        raise UsageError("--seeds 0: there is nothing to run; give at least one seed")
    if too_many := beyond(count, TRIALS, "trials"):
        raise UsageError(f"this {too_many}")
    return repeated_trials(command, lists, range(told) if isinstance(told, int) else told, variant)


def require_program(trial: RepeatedTrial) -> None:
    """Raise SetupError where there is no such program, before anything starts."""
    if shutil.which(trial.words[0]) is None:
        raise SetupError(f"'{shortened(trial.words[0])}' is no program that can be found here; {what_to_do(trial)}")


def what_to_do(trial: RepeatedTrial) -> str:
    """What was likely meant by a command whose first word is no program."""
    first = trial.words[0]
    if len(trial.words) == 1 and len(first.split()) > 1:
        return "write the words of the command one by one, without quotes around all of them"
    if first.endswith(".py"):
        return f"run it by Python: `python {first} ...`"
    return "give its path, or look for a mistake"


def check_questions(file: Path | None) -> None:
    """Raise what is wrong with a file of questions, before hours of training."""
    if file is not None:
        from dlbench.recipe.questions import questions_from

        questions_from(file)


def left_of(group: Path, trials: Sequence[RepeatedTrial], done: dict[str, RunFolder]) -> list[RepeatedTrial]:
    """The trials that are to run: neither done nor recorded by someone at this moment, which is told."""
    from dlbench.launch.repeating import under_way

    left = [trial for trial in trials if trial.id not in done]
    elsewhere = under_way(group, left)
    if elsewhere:
        say(f"note: {counted(len(elsewhere), 'trial')} left out: others are recording now what these would")
    return [trial for trial in left if trial.id not in elsewhere]


# --- telling --------------------------------------------------------------------------------------------------------


def tell_commands(trials: Sequence[RepeatedTrial], done: dict[str, RunFolder]) -> None:
    """Print every command, and which have finished."""
    rows = [(one.label, "finished" if one.id in done else "", shlex.join(one.words)) for one in trials]
    emit(columns([("trial", "", "command"), *rows]))


def tell_plan(name: str, group: Path, trials: Sequence[RepeatedTrial], crew: Crew, *, is_own_choice: bool) -> None:
    """Say how much is run, how many at once, and where."""
    variants, seeds = {one.variant for one in trials}, {one.seed for one in trials}
    product = f"{counted(len(variants), 'variant')} x {counted(len(seeds), 'seed')}"
    gpus = f" on {counted(len(crew.gpus), 'GPU')}" if crew.gpus else ""
    gpus += " (--workers takes more)" if crew.gpus and is_own_choice else ""
    say(
        f"{name}: {counted(len(trials), 'trial')} ({product}), {crew.workers} at once{gpus}, "
        f"{counted(crew.threads, 'thread')} each -> {group}"
    )


def tell_done(trials: Sequence[RepeatedTrial], done: dict[str, RunFolder]) -> None:
    """Say what is left out because it has finished, and whether a file has changed since."""
    from dlbench.launch.repeating import changed_since

    if not done:
        return
    say(f"{len(done)} of {len(trials)} finished before and need not run again; --again runs all of them")
    words = [word for trial in trials if trial.id in done for word in trial.words]
    for changed in changed_since(words, done.values()):
        say(f"note: {changed} was changed after they were recorded; --again runs them with what it is now")


def tell_table(group: Path, questions: Path | None, *, language: str, ascii_only: bool, as_json: bool) -> None:
    """Print the table of the group, and the verdicts on its claims; nothing where nothing was recorded."""
    from dlbench.analysis.summary import summarize
    from dlbench.cli.table_options import asked_in
    from dlbench.run.group import group_in

    found = group_in(group)
    if found is None:
        return
    report = summarize(found, asked_in(questions, found))
    if as_json:
        from dlbench.export.json_data import as_data

        emit_json(as_data(report))
    else:
        emit_styled(f"\n{report_text(report, language=language, ascii_only=ascii_only)}")


# --- running --------------------------------------------------------------------------------------------------------


def run_all(out: Path, name: str, trials: Sequence[RepeatedTrial], crew: Crew, questions: Path | None) -> ExitCode:
    """Run the trials until all have ended or a signal comes, a line for each end."""
    from dlbench.cli.interrupts import Interrupts
    from dlbench.cli.trials_told import TrialsTold
    from dlbench.launch.repeating import Repetition, group_folder

    with Interrupts() as interrupts, Repetition(out, name, trials, crew, questions) as repetition:
        say(
            f"look at it live with `{dlbench_command('watch', str(group_folder(out, name)))}`; logs are in {repetition.logs}"
        )
        told = TrialsTold(len(trials))
        while not repetition.is_over and interrupts.code is None:
            for ended in repetition.poll():
                told.tell(ended, repetition)
            time.sleep(POLL_SECONDS)
        if interrupts.code is not None:
            say("stopping; once more kills what does not end")
            for ended in repetition.stop(lambda: interrupts.stops >= KILLING):
                told.tell_stopped(ended)
            say(f"{told.done} of {counted(len(trials), 'trial')} finished; the same command goes on with the others")
            return interrupts.code
    if told.done == len(trials):
        return ExitCode.DONE
    say(f"{told.done} of {counted(len(trials), 'trial')} finished; the same command runs the others again")
    return ExitCode.TRIAL_FAILED
