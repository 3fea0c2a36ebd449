"""Progress bars on a terminal's stderr, one per stack."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from dlbench.display.base import Display
from dlbench.display.words import STARTING, has_ended, label, lost, pace, steps
from dlbench.text.console import PrintableConsole

if TYPE_CHECKING:
    from dlbench.state.run_state import RunState
    from dlbench.state.stack_state import StackState

LINES_LEFT_FREE = 4


class AsciiConsole(PrintableConsole):
    """A console that draws as if its terminal knew ASCII only."""

    @property
    def encoding(self) -> str:
        """What Rich asks before it draws a line."""
        return "ascii"


class ProgressBars(Display):
    """A bar per stack that has begun: its variants, steps, speed, time left, and how many trials diverged."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._console = AsciiConsole(stderr=True) if ascii_only else PrintableConsole(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=6)),
            TextColumn("{task.fields[steps]}", table_column=Column(justify="right", no_wrap=True)),
            TextColumn("{task.fields[facts]}", table_column=Column(no_wrap=True)),
            console=self._console,
            auto_refresh=False,
            expand=True,
            # stdout is for data and may be a file.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._tasks: dict[int, TaskID] = {}
        self._start: TaskID | None = None
        self._notes = 0

    def update(self, state: RunState, events: Sequence[dict[str, Any]]) -> None:
        """Move the bars."""
        for _, text in state.notes[self._notes :]:
            self._progress.console.print(Text(f"note: {text}"))
        self._notes = len(state.notes)
        self._show_start(state)
        crowded = len(state.stacks) > self._console.height - LINES_LEFT_FREE
        for stack in state.stacks:
            if stack.status != "waiting":
                self._move(state, stack, visible=not (crowded and has_ended(stack)))
        self._progress.refresh()

    def _show_start(self, state: RunState) -> None:
        """A bar that pulses until the first stack begins."""
        waits = all(stack.status == "waiting" for stack in state.stacks)
        if waits and self._start is None:
            self._start = self._progress.add_task(STARTING, total=None, steps="", facts="")
        if not waits and self._start is not None:
            self._progress.update(self._start, visible=False)

    def _move(self, state: RunState, stack: StackState, *, visible: bool) -> None:
        if stack.index not in self._tasks:
            text = label(state.plan, stack.plan)
            self._tasks[stack.index] = self._progress.add_task(text, total=stack.plan.steps, steps="", facts="")
        self._progress.update(
            self._tasks[stack.index],
            completed=stack.progress * stack.plan.steps,
            visible=visible,
            steps=steps(stack),
            facts=", ".join(filter(None, [pace(stack), lost(stack)])),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
