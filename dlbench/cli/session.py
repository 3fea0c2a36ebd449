"""One run from its plan to its exit code: make the folder, start the workers, follow them, tell what came of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import typer

import dlbench.display
from dlbench import plugins
from dlbench.analysis.claims import Outcome
from dlbench.analysis.summary import Report
from dlbench.analysis.summary import report as summarized
from dlbench.cli.data_lines import data_lines
from dlbench.cli.follow import follow, troubles
from dlbench.cli.interrupts import Interrupts
from dlbench.cli.lesson import explanation, heading
from dlbench.cli.messages import command, plan_line
from dlbench.cli.next_step import next_step
from dlbench.cli.output import emit, emit_json, emit_styled, report_text, say, say_styled
from dlbench.cli.remedies_told import remedies_text
from dlbench.cli.run_files import keep_summary, make_folder, unused
from dlbench.errors import ExitCode
from dlbench.launch import sessions
from dlbench.launch.choosing import HERE, Place
from dlbench.metrics.trial_view import Status
from dlbench.recipe.shipped import shipped_recipes
from dlbench.run.adding import adding
from dlbench.run.folder import RunFolder, find_run
from dlbench.run.workers import current_session
from dlbench.state.run_state import RunState

if TYPE_CHECKING:
    from dlbench.launch.sessions import WorkerGroup
    from dlbench.plan import Plan
    from dlbench.recipe.model import Recipe


class Starter(Protocol):
    """Starts the workers of a run's plan: all of them, or those of what is left."""

    def __call__(self, folder: RunFolder, *, attended: bool = False) -> WorkerGroup:
        """Raises UsageError where there is nothing to start."""


KILLING = 2
"""How many times someone asks to stop before the workers are killed."""

WEIGHTS = ("--format", "safetensors", "-o", "nets")
"""How kept weights are exported."""

RESULTS = frozenset({Status.OK, Status.DIVERGED, Status.DROPPED})
"""How a trial may end without an exit code of its own: whoever dropped one by hand has what they asked for."""


@dataclass(frozen=True)
class Session:
    """How runs are started and shown; each method takes one run to its exit code."""

    out: Path
    display: str
    language: str
    ascii_only: bool
    strict: bool
    detach: bool
    tensorboard: Path | None = None
    """The folder that runs are written into for TensorBoard too."""
    quick: bool = False
    """Whether runs are the small versions of their recipes."""
    place: Place = HERE
    """Where the workers run."""
    data: Callable[[Report], Any] | None = None
    """What is printed as JSON of a run's results in place of the table."""

    def run(self, recipe: Recipe, plan: Plan, *, is_last: bool = True) -> ExitCode:
        """A new run; where it is not the last one, its dashboard closes by itself."""
        return self.begin(recipe, make_folder(self.out, recipe, plan), is_last=is_last)

    def begin(self, recipe: Recipe, folder: RunFolder, *, is_last: bool = True) -> ExitCode:
        """The same where its folder is made already."""
        return self._go_on(recipe, folder, partial(sessions.start, launcher=self.place.launcher), is_last=is_last)

    def resume(
        self,
        name: str,
        *,
        device: str | None = None,
        threads: int | None = None,
        workers: int | None = None,
        until_decided: bool = False,
        max_seeds: int | None = None,
    ) -> ExitCode:
        """A run that was stopped, or died; on another device or by other workers where these are given.

        With `until_decided` or `max_seeds` also one that is finished: it gets further seeds.
        """
        from dlbench.recipe import load

        folder = find_run(self.out, name)
        plan = folder.read_plan()
        plugins.require(plan.parts, folder.name)
        recipe = load(folder.recipe_file)
        if until_decided or max_seeds or plan.until_decided:
            from dlbench.cli.until_decided import continued

            continued(folder, recipe, max_seeds, self.narrate)
        if device or threads or workers:
            sessions.reassign(folder, device=device, threads=threads, workers=workers)
            self.narrate("note: another device, or another number of threads, may change the last digits")
        return self._go_on(recipe, folder, partial(sessions.resume, launcher=self.place.launcher))

    def _go_on(self, recipe: Recipe, folder: RunFolder, start: Starter, *, is_last: bool = True) -> ExitCode:
        """Start the workers of what is planned, and follow them in the way that is wished."""
        plan = folder.read_plan()
        if plan.until_decided and self.detach:
            from dlbench.cli.until_decided import leave

            self.narrate(f"{self._heading(recipe)}\n\n{planned(plan, folder)}")
            leave(folder, self.place)
            return self._leave(folder)
        if self.display == "tui" and not self.detach:
            return self._show(recipe, plan, folder, start(folder, attended=True), closes=not is_last)
        with adding(folder) if plan.until_decided else nullcontext():
            return self._train(recipe, plan, folder, start, is_last=is_last)

    def _train(
        self,
        recipe: Recipe,
        plan: Plan,
        folder: RunFolder,
        start: Starter,
        *,
        is_last: bool = True,
    ) -> ExitCode:
        questions = recipe.questions
        state = RunState(plan, solved=questions.compare.solved, histograms=0)
        with Interrupts() as interrupts:
            group = start(folder)
            self.narrate(f"{self._heading(recipe)}\n")
            self.narrate(planned(plan, folder))
            if self.detach:
                return self._leave(folder)
            with self._written_along(folder):
                group = self._follow(recipe, folder, group, state, interrupts)
        if interrupts.hangup:
            return ExitCode.HANGUP
        if interrupts.stops < KILLING:
            for trouble in troubles(folder):
                say(f"error: {trouble}")
        result = self._tell(recipe, state, folder, is_last=is_last)
        return interrupts.code or self._code(group, state, result)

    def _show(self, recipe: Recipe, plan: Plan, folder: RunFolder, group: WorkerGroup, *, closes: bool) -> ExitCode:
        """The same in a dashboard. Left before the end the run goes on, and those after it are not begun."""
        from dlbench.cli.dashboard import show

        self.narrate(f"{self._heading(recipe)}\n\n{planned(plan, folder)}")
        thread = None
        if plan.until_decided:
            from dlbench.cli.until_decided import AddingThread

            thread = AddingThread(folder, recipe, group, self.place)
        with self._written_along(folder):
            left = show(folder, group, language=self.language, ascii_only=self.ascii_only, closes=closes)
        if thread is not None:
            left, group = thread.close(left), thread.group
        if left.state is None:
            raise typer.Exit(left.code)
        for trouble in troubles(folder):
            say(f"error: {trouble}")
        result = self._tell(recipe, left.state, folder, is_last=not closes)
        return left.code or self._code(group, left.state, result)

    def _leave(self, folder: RunFolder) -> ExitCode:
        emit(str(folder.path))
        self.narrate(f"the run continues without this terminal; watch it with `{command('watch', folder)}`")
        return ExitCode.DONE

    def _follow(
        self, recipe: Recipe, folder: RunFolder, group: WorkerGroup, state: RunState, interrupts: Interrupts
    ) -> WorkerGroup:
        """Follow the workers to their end, and those of further seeds where there are some; the last of them."""
        try:
            with dlbench.display.make(self.display, ascii_only=self.ascii_only) as display:
                if state.plan.until_decided is None:
                    return follow(folder, group, state, display, interrupts)
                from dlbench.cli.until_decided import SeedAdder

                return follow(
                    folder, group, state, display, interrupts, SeedAdder(folder, recipe, self.narrate, self.place).more
                )
        except BrokenPipeError:
            # Whoever read the display is gone; the run goes on, as it does when a terminal closes.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(nowhere, stream.fileno())
            raise typer.Exit(ExitCode.BROKEN_PIPE) from None

    @contextmanager
    def _written_along(self, folder: RunFolder) -> Iterator[None]:
        """Write the run for TensorBoard meanwhile, where that is asked for."""
        if self.tensorboard is None:
            yield
            return
        from dlbench.export.tensorboard.live import LiveLog
        from dlbench.export.tensorboard.written import began

        into = self.tensorboard / folder.recipe / folder.path.name
        resumes = bool(current_session(folder)) and began(into) is not None
        with LiveLog(folder, into if resumes else unused(into), resumes=resumes) as log:
            yield
        self.narrate(
            f"note: {log.problem}" if log.problem else f"look at it with `tensorboard --logdir {self.tensorboard}`"
        )

    def _tell(self, recipe: Recipe, state: RunState, folder: RunFolder, *, is_last: bool) -> Report | None:
        """Print the table and the verdicts, then the explanation or how to go on, of the last run what comes next.

        There is no table where nothing was trained.
        """
        finished = all(trial.status.final for trial in state.trials)
        result = None
        if any(trial.status is not Status.WAITING for trial in state.trials):
            result = summarized(state, recipe.questions, folder)
            keep_summary(folder, result)
            self._print(result, folder)
        if not finished and folder.plan_file.is_file():
            say(f"\nnot finished; continue with `{command('run', '--resume', folder)}`")
        elif result is not None and (left := open_text(result, folder)):
            say(f"\n{left}")
        elif text := explanation(recipe.questions.lesson, language=self.language, ascii_only=self.ascii_only):
            self.narrate(f"\n{text}")
        if any(stack.weights for stack in state.stacks):
            self.narrate(
                f"\nweights are kept; `{command('export', folder, *WEIGHTS)}` writes them with plain torch code"
            )
        if finished and is_last and self.display in {"tui", "plain"}:
            full = recipe.path if self.quick and recipe.path not in shipped_recipes() else None
            watched = self.display == "tui"
            say(f"\n{next_step(folder, self.out, was_watched=watched, full=full, ascii_only=self.ascii_only)}")
        return result

    def _print(self, result: Report, folder: RunFolder) -> None:
        """The table, of a run that tries remedies what they have done; or the data that is wished in their place."""
        if self.data is not None:
            emit_json(self.data(result))
            return
        told = remedies_text(result, folder, ascii_only=self.ascii_only)
        text = told or report_text(result, language=self.language, ascii_only=self.ascii_only)
        (say_styled if self.display == "json" else emit_styled)(f"\n{text}")

    def _code(self, group: WorkerGroup, state: RunState, result: Report | None) -> ExitCode:
        if ExitCode.ENVIRONMENT in group.exit_codes:
            return ExitCode.ENVIRONMENT
        if result is None or any(trial.status not in RESULTS for trial in state.trials):
            return ExitCode.TRIAL_FAILED
        if self.strict and any(verdict.outcome is Outcome.REFUTED for verdict in result.verdicts):
            return ExitCode.CLAIM_REFUTED
        return ExitCode.DONE

    def _heading(self, recipe: Recipe) -> str:
        return heading(recipe.questions.lesson, recipe.name, language=self.language, ascii_only=self.ascii_only)

    def narrate(self, text: str) -> None:
        """Say something on stderr, unless nothing is to be shown."""
        if self.display != "none":
            say(text)


def planned(plan: Plan, folder: RunFolder) -> str:
    """What is trained where, and from what data."""
    return "\n".join([f"{plan_line(plan)} -> {folder.path}", *data_lines(plan.candidates)])


def open_text(result: Report, folder: RunFolder) -> str:
    """How to go on with a run of which claims are open that more seeds can decide; nothing where there are none."""
    if not any(verdict.looks and verdict.looks.is_open for verdict in result.verdicts):
        return ""
    from dlbench.cli.until_decided import further

    return further(result.state.plan, folder)
