"""Opening a dashboard on a run, and what is known when it has been closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dlbench.errors import ExitCode
from dlbench.metrics.trial_view import Status
from dlbench.tui.app import Dashboard
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.source import FolderSource
from dlbench.tui.model.view import RunInfo, View
from dlbench.tui.options import DashboardOptions
from dlbench.tui.terminal import Signals
from dlbench.tui.widgets.tile_images import image_maker

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.tui.model.replay import Replay


@dataclass(frozen=True)
class Closed:
    """What the dashboard had come to when it was closed."""

    code: ExitCode
    """How it was left."""
    view: View
    folder: RunFolder
    """The run that it showed last."""

    @property
    def is_complete(self) -> bool:
        """Whether the run has ended, and all that it wrote was read."""
        view = self.view
        # Workers tell their ends a moment before their processes are gone.
        open_ones = {Status.RUNNING} if view.status != "running" else {Status.RUNNING, Status.WAITING}
        has_ended = view.to_come is None and all(stack.status not in open_ones for stack in view.state.stacks)
        return view.loading is None and view.problem is None and has_ended

    @property
    def is_paused(self) -> bool:
        """Whether the run goes on standing still."""
        return any(stack.paused and stack.status is Status.RUNNING for stack in self.view.state.stacks)


@dataclass(frozen=True)
class Start:
    """How a replay begins: `step=500`, `50%` or `end`, and its speed."""

    speed: float = 1.0
    seek: str | None = None

    @property
    def is_elsewhere(self) -> bool:
        """Whether it begins at a place that was asked for: whoever does wants to see what is there."""
        return self.seek is not None and self.seek.strip().lower() != "end"

    def replay(self, folder: RunFolder, info: RunInfo) -> Replay:
        """The replay; raises UsageError where there is no such place."""
        from dlbench.tui.model.replay import Replay, ReplayPosition

        if self.seek is None:
            return Replay(folder, speed=self.speed)
        step, share = place(self.seek, max((stack.steps for stack in info.plan.stacks), default=0))
        return Replay(folder, speed=self.speed, start=ReplayPosition(step=step, share=share))


def place(text: str, steps: int) -> tuple[int | None, float]:
    """A place in a replay as (step, share); raises UsageError where it is none."""
    from dlbench.errors import UsageError
    from dlbench.tui.screens.prompts import target

    try:
        found = target(text, steps)
    except ValueError as error:
        raise UsageError(f"--seek: {error}") from error
    return found.step, found.share or 0.0


def look(
    folder: RunFolder, options: DashboardOptions, *, info: RunInfo | None = None, start: Start | None = None
) -> Closed:
    """Show a run until its dashboard is closed; with `start` as a replay.

    Raises UsageError or DlbenchError where the folder is no run that can be read, and whatever broke the dashboard itself.
    """
    info = info or run_info(folder)
    view = View(info)
    if start is not None and start.is_elsewhere:
        options = replace(options, opens_scene=False)
    replay = None if start is None else start.replay(folder, info)
    if not (options.ascii or options.no_color):
        options = replace(options, images=image_maker())
    with Signals() as signals:
        feed = Feed(view, replay or FolderSource(folder), folder)
        app = Dashboard(view, feed=feed, folder=folder, replay=replay, options=options, signals=signals)
        app.run(mouse=options.mouse)
    if app.crash is not None:
        raise app.crash
    return Closed(ExitCode(app.return_code or 0), app.view, app.folder or folder)
