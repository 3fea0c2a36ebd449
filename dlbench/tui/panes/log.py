"""Log: the machine, what has happened beside the numbers, and what the workers print."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Log, Static

from dlbench.tui.app_base import dashboard, plain
from dlbench.tui.charts.ink import Ink
from dlbench.tui.model.console import KEPT_LINES, Console, consoles
from dlbench.tui.model.machine_lines import machine_lines
from dlbench.tui.model.run_events import RunEvent, run_events
from dlbench.tui.panes.base import Pane

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.tui.model.view import View

POLL_SECONDS = 0.5
MOST_SHOWN = 400
"""Events; of more, the last."""
NOTHING = "Nothing out of the ordinary so far."
ELSEWHERE = "The loop prints where it was started; of `dlbench repeat` that is in logs/."


class ConsoleLog(Log):
    """What one worker prints. Up from its first line, and down to it, scroll what stands above."""

    def __init__(self, above: VerticalScroll, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(max_lines=KEPT_LINES, id=id)
        self._above = above

    def put(self, lines: list[str]) -> None:
        """Add lines; whoever reads further up is left there."""
        if not lines:
            return
        stays, text = not self.is_vertical_scroll_end, "\n".join(lines)
        self.write(f"\n{text}" if self.line_count else text, scroll_end=False)
        # Lines that were pruned are still counted by `write`.
        self.virtual_size = self.virtual_size.with_height(self.line_count)
        if not stays:
            self.call_after_refresh(self.scroll_end, animate=False, immediate=True, x_axis=False)

    def action_scroll_up(self) -> None:
        """A line up, in the end above the console."""
        if self.scroll_y <= 0:
            self._above.scroll_up(animate=False)
        else:
            super().action_scroll_up()

    def action_scroll_down(self) -> None:
        """A line down, what stands above first."""
        if not self._above.is_vertical_scroll_end:
            self._above.scroll_down(animate=False)
        else:
            super().action_scroll_down()


class LogPane(Pane):
    """Reads a worker's console only while it is on the screen, and off the thread that draws."""

    NAME: ClassVar[str] = "log"
    TITLE: ClassVar[str] = "Log"
    HELP: ClassVar[str] = """
On top: how busy this machine is, with what is free of its memory; how many workers train on what, with the cores and the main
memory that they take; and GPUs, where `nvidia-smi` tells of them. Of a run of another machine, or one that has ended, where that
was. **Few cores busy** while a run is live: it waits, or its nets are too small for more. **Nothing free**: trials may end for
want of memory; `--workers 1` takes less.

Below it: the notes of the run, learning rates that someone set, breakpoints that were hit, trials that diverged, were dropped
or failed, each with its step.

At the bottom: the last 2,000 lines that a worker's process printed, as they come. `w` or a click on the line between shows the next
worker's.
"""
    DEFAULT_CSS = """
    LogPane #above { height: auto; max-height: 50%; scrollbar-size-vertical: 1; }
    LogPane #events { height: auto; }
    LogPane #machine { height: auto; margin-bottom: 1; color: $text-muted; display: none; }
    LogPane #whose { height: 1; margin-top: 1; color: $text-muted; }
    LogPane #console {
        height: 1fr; overflow: auto auto; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; background: $background;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._events: list[RunEvent] | None = None
        self._source: Console | None = None
        self._worker = 0
        self._workers: list[int] = []
        self._is_reading = False

    def compose(self) -> ComposeResult:
        """The machine, events, whose console it is, the console."""
        above = VerticalScroll(Static(id="events"), id="above", can_focus=False)
        yield Static(id="machine")
        yield above
        yield Static(id="whose")
        yield ConsoleLog(above, id="console")

    def on_mount(self) -> None:
        """Look for new lines now and then."""
        self.set_interval(POLL_SECONDS, self._poll)

    def on_show(self) -> None:
        """The keys scroll the console, which is read at once."""
        self.query_one(ConsoleLog).focus(scroll_visible=False)
        self._poll()

    def on_hide(self) -> None:
        """Nobody reads of the machine: it need not be looked at."""
        dashboard(self).view.wants_machine = False

    def show(self, view: View) -> None:
        """Write of the machine, and the events, if they are others."""
        view.wants_machine = True
        self._tell_machine(machine_lines(view))
        found = run_events(view.state)
        if found == self._events:
            return
        is_grown = self._events is not None
        self._events = found
        self.query_one("#events", Static).update(self._told(found))
        if is_grown:
            self.call_after_refresh(self.query_one("#above", VerticalScroll).scroll_end, animate=False)

    def _tell_machine(self, lines: list[str]) -> None:
        text = Text(plain(self, "\n".join(lines)), no_wrap=True, overflow="ellipsis")
        line = self.query_one("#machine", Static)
        if line.content != text:
            line.update(text)
            line.display = bool(lines)

    def action_worker(self) -> None:
        """The console of the next worker."""
        if len(self._workers) > 1:
            later = [worker for worker in self._workers if worker > self._worker]
            self._turn_to(later[0] if later else self._workers[0])
            self._tell(self._heading())
            self._poll()

    def on_click(self, event: events.Click) -> None:
        """A click on the line between."""
        if event.widget is not None and event.widget.id == "whose":
            self.action_worker()

    def _told(self, found: list[RunEvent]) -> Text:
        if not found:
            return Text(NOTHING, style="dim")
        style = dashboard(self).style
        lines = [Text(plain(self, one.line), style=style(one.ink, Ink.NONE)) for one in found[-MOST_SHOWN:]]
        if len(found) > MOST_SHOWN:
            lines.insert(0, Text(f"{len(found) - MOST_SHOWN:,} earlier ones", style="dim"))
        return Text("\n").join(lines)

    def _poll(self) -> None:
        folder = dashboard(self).folder
        if folder is None:
            self._tell(Text("There is no run folder to read a worker's output from.", style="dim"))
        elif not self._is_reading and self.is_on_screen:
            self._is_reading = True
            self.run_worker(self._read(folder), group="console")

    async def _read(self, folder: RunFolder) -> None:
        """The lines that are new; those of a console that was left meanwhile are not shown."""
        try:
            self._workers = await asyncio.to_thread(consoles, folder.path)
            if self._closes():
                return
            if self._source is None or self._source.path.parent != folder.path:
                self._turn_to(self._workers[0] if self._workers else 0)
            source = None
            while source is not self._source and self._source is not None:
                source = self._source
                lines = await asyncio.to_thread(source.poll)
            if self._closes():
                return
            if source is not None:
                self.query_one(ConsoleLog).put([plain(self, line) for line in lines])
            self._tell(self._heading())
        finally:
            self._is_reading = False

    def _closes(self) -> bool:
        """Whether its widgets have gone while a file was read: the dashboard is being left."""
        return not self.query(ConsoleLog)

    def _turn_to(self, worker: int) -> None:
        folder = dashboard(self).folder
        if folder is not None:
            self._worker, self._source = worker, Console(folder.console_file(worker))
            self.query_one(ConsoleLog).clear()

    def _heading(self) -> Text:
        if not self._workers:
            is_recorded = dashboard(self).view.info.plan.recorded
            return Text(ELSEWHERE if is_recorded else "The workers have printed nothing yet.", style="dim")
        log = self.query_one(ConsoleLog)
        several = (
            f" of {len(self._workers)} ({dashboard(self).keys.face('next_worker')}: next)"
            if len(self._workers) > 1
            else ""
        )
        nothing = "" if log.line_count else ": nothing printed yet"
        return Text(f"Console of worker {self._worker}{several}{nothing}")

    def _tell(self, text: Text) -> None:
        line = self.query_one("#whose", Static)
        if line.content != text:
            line.update(text)
