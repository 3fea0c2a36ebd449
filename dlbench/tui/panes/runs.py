"""Runs: the others under the same folder, to open or to lay over this one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import DataTable, Static

from dlbench.run.folder import RunFolder
from dlbench.run.group import RecordingGroup, shown_in
from dlbench.tui.app_base import dashboard, plain
from dlbench.tui.charts.ink import Ink
from dlbench.tui.model.console import harmless
from dlbench.tui.model.run_list import MARKS, ORDERS, Order, RunList, ordered
from dlbench.tui.panes.base import Pane

if TYPE_CHECKING:
    from dlbench.launch.listing import Listed
    from dlbench.tui.model.view import View

POLL_SECONDS = 3.0
COLUMNS = ("run", "state", "trials", "here", "started")
BAD = {"failed", "crashed", "damaged"}


@dataclass
class RunChosen(Message):
    """A run is to be opened."""

    folder: RunFolder


@dataclass
class RunOverlaid(Message):
    """A run's curves are to be laid over these, or taken away."""

    folder: RunFolder


class RunsPane(Pane):
    """Looks at the runs only while it is on the screen, one after the other, off the thread that draws."""

    NAME: ClassVar[str] = "runs"
    TITLE: ClassVar[str] = "Runs"
    HELP: ClassVar[str] = """
Every run under the same results folder, newest first, and how each stands: running, done, stopped (resume it with
`dlbench run --resume`), failed, crashed (a worker died without a word), empty (never started), damaged.

Enter, or a second click, opens the selected run. `i` overlays its curves on these, and removes them again. `o` or a
click on a header sorts.
"""
    DEFAULT_CSS = """
    RunsPane #where { height: 1; color: $text-muted; }
    RunsPane #runs { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._list = RunList()
        self._found: dict[str, Listed] = {}
        self._newest: list[str] = []
        self._order: tuple[Order, bool] | None = None
        self._cells: dict[tuple[str, str], Text] = {}
        self._is_looking = False

    def compose(self) -> ComposeResult:
        """Where they are, and the runs."""
        yield Static(id="where")
        yield DataTable[Text](id="runs", cursor_type="row", cell_padding=1)

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#runs", DataTable)

    def on_mount(self) -> None:
        """Look again now and then."""
        for name in COLUMNS:
            self._table.add_column("" if name == "here" else name, key=name)
        self.set_interval(POLL_SECONDS, self._look)

    def on_show(self) -> None:
        """The keys go to the table, and the runs are looked at."""
        self._table.focus(scroll_visible=False)
        self._look()

    def show(self, view: View) -> None:
        """Mark which run is shown, and which are laid over it."""
        for path in self._found:
            self._put_cells(path)

    def action_sort(self) -> None:
        """By the next column, then from its other end; in the end newest first."""
        cycle = [None, *((order, backwards) for order in ORDERS for backwards in (False, True))]
        self._order = cycle[(cycle.index(self._order) + 1) % len(cycle)]
        self._arrange()

    def action_choose(self) -> None:
        """Open the run under the bar."""
        if folder := self._chosen():
            self.post_message(RunChosen(folder))

    def action_overlay(self) -> None:
        """Lay its curves over these."""
        if folder := self._chosen():
            self.post_message(RunOverlaid(folder))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter, or a second click."""
        event.stop()
        self.action_choose()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A click on a header sorts, a second one backwards."""
        event.stop()
        found = next((order for order in ORDERS if order == event.column_key.value), None)
        self._order = None if found is None else (found, self._order == (found, False))
        self._arrange()

    def _chosen(self) -> RunFolder | None:
        if not self._table.row_count:
            return None
        key = self._table.coordinate_to_cell_key(self._table.cursor_coordinate).row_key.value
        return shown_in(Path(str(key)))

    @property
    def _base(self) -> Path | None:
        folder = dashboard(self).folder
        if folder is None:
            return None
        path = folder.path.resolve()
        return path.parent if isinstance(folder, RecordingGroup) else path.parent.parent

    def _look(self) -> None:
        if self._base is None:
            self._tell("There is no run folder beside which others could stand.")
        elif not self._is_looking and self.is_on_screen:
            self._is_looking = True
            self.run_worker(self._read(self._base), group="runs")

    async def _read(self, base: Path) -> None:
        try:
            folders = await asyncio.to_thread(self._list.find, base)
            if self._closes():
                return
            self._newest = [str(folder.path) for folder in folders]
            for gone in [path for path in self._found if path not in set(self._newest)]:
                self._forget(gone)
            for folder in folders:
                if not self.is_on_screen:
                    break
                run = await asyncio.to_thread(self._list.look, folder)
                if self._closes():
                    return
                self._put(run)
            self._arrange()
            count = len(folders)
            self._tell(
                f"{count:,} run{'' if count == 1 else 's'} under {base}"
                if count
                else f"There are no runs under {base}."
            )
        finally:
            self._is_looking = False

    def _closes(self) -> bool:
        """Whether its widgets have gone while a run was looked at: the dashboard is being left."""
        return not self.query(DataTable)

    def _put(self, run: Listed) -> None:
        is_new = run.path not in self._found
        self._found[run.path] = run
        if is_new:
            texts = self._texts(run)
            self._table.add_row(*texts.values(), key=run.path)
            self._cells |= {(run.path, name): text for name, text in texts.items()}
            if self._is_here(run.path):
                self._table.move_cursor(row=self._table.row_count - 1)
        else:
            self._put_cells(run.path)

    def _put_cells(self, path: str) -> None:
        for name, text in self._texts(self._found[path]).items():
            before = self._cells[path, name]
            if (before.plain, before.style) != (text.plain, text.style):
                self._cells[path, name] = text
                self._table.update_cell(path, name, text, update_width=True)

    def _forget(self, path: str) -> None:
        del self._found[path]
        for name in COLUMNS:
            del self._cells[path, name]
        self._table.remove_row(path)

    def _texts(self, run: Listed) -> dict[str, Text]:
        style = dashboard(self).style
        ink = Ink.ALARM if run.state in BAD else Ink.GOOD if run.state == "running" else Ink.PLAIN
        overlaid = {overlay.name for overlay in dashboard(self).view.overlays}
        # Its folder is told by its name.
        started = harmless(run.started.replace(f"{run.path}/", ""))
        here = "shown here" if self._is_here(run.path) else "overlaid" if run.run in overlaid else ""
        return {
            "run": Text(plain(self, harmless(run.run))),
            "state": Text(plain(self, f"{MARKS[run.state]} {run.state}{at_work(run)}"), style=style(ink, Ink.NONE)),
            "trials": Text(f"{run.trials:,}" if run.state != "damaged" else "", justify="right"),
            "here": Text(here, style=style(Ink.MARK, Ink.NONE)),
            "started": Text(plain(self, started), no_wrap=True),
        }

    def _is_here(self, path: str) -> bool:
        folder = dashboard(self).folder
        return folder is not None and str(folder.path.resolve()) == path

    def _arrange(self) -> None:
        """Put the rows into their order, the bar staying on its run."""
        runs = [self._found[path] for path in self._newest if path in self._found]
        order, backwards = self._order or (None, False)
        rank = {path: place for place, path in enumerate(ordered(runs, order, backwards=backwards))}
        if not rank:
            return
        stays = self._chosen()
        # The table asks for the key of each row once, in the order in which they were added.
        places: Iterator[int] = iter([rank[path] for path in self._found])
        self._table.sort(key=lambda _: next(places))
        if stays is not None and str(stays.path) in rank:
            self._table.move_cursor(row=rank[str(stays.path)], animate=False)

    def _tell(self, text: str) -> None:
        self.query_one("#where", Static).update(Text(plain(self, text), no_wrap=True, overflow="ellipsis"))


def at_work(run: Listed) -> str:
    """Of a group of recordings, how many are being made, and are to come: ` 2 of 6, 12 to come`."""
    at_work = f" {run.at_work} of {run.recordings}" if run.at_work else ""
    return f"{at_work}{',' if at_work else ''} {run.to_come} to come" if run.to_come else at_work
