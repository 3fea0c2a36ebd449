"""Compare: the table of the run as it stands, the claims with what the seeds say of them, the notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from dlbench.errors import DlbenchError
from dlbench.run.tried import tried_in
from dlbench.text.blocks import Terminal
from dlbench.text.document import claims_table
from dlbench.text.ensembles import ensemble_blocks
from dlbench.text.notes import all_notes
from dlbench.text.printed import claims_lines, noted
from dlbench.text.table import diagnosis_block
from dlbench.tui.app_base import dashboard, plain
from dlbench.tui.model.follow import look_at
from dlbench.tui.model.table_view import told_order
from dlbench.tui.panes.base import Pane
from dlbench.tui.widgets.report_table import ReportTable

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report
    from dlbench.tui.model.view import View


class ComparePane(Pane):
    """Asks for a report while it is on the screen, and shows each new one."""

    NAME: ClassVar[str] = "compare"
    TITLE: ClassVar[str] = "Compare"
    HELP: ClassVar[str] = """
The table that `dlbench table` prints, as the run stands now: one row a variant, one column a measure.

- Each cell is the mean over the seeds, with `±` their standard deviation; `(n=3)` where not all have a number. Where some
  seeds never got there, it is the median time, to which never is infinite.
- A ratio has its geometric mean, with `×÷` the factor by which the seeds spread. A median stands beside a mean where a seed
  lies far from the others.
- A share of seeds, as of **solved**, has its 95 % interval behind it. So has the **difference** to the baseline, which is
  taken seed by seed. Of m differences the intervals are simultaneous: with 95 % none of them misses, so that one without 0 is a
  difference that chance hardly makes.
- `▲` marks the best, and whatever is not distinguishable from the best. It comes when every trial has ended.
- **Ensembles**, where the recipe asks for them, are the seeds of a variant combined: of each number of members the mean over
  all subsets, and what they gain over one of them alone.
- **Diagnosis** says in one sentence what is worst in a variant's seeds, with its numbers, and in how many of them.
- **Claims** are sentences of the lesson with a condition. The seeds confirm (✔) or refute (✖) each, or leave it undecided
  (?), with the numbers that say so. What holds for other seeds, but perhaps not for other test samples, is confirmed *on
  these samples*. Holm's p is corrected for all claims of the recipe: 0.05 at most decides.

`o` or a click on a header sorts; `←` `→` show the columns that do not fit; `↓` goes on into the claims; Enter goes to the
first trial of a row; `Y` copies it all as Markdown.
"""
    DEFAULT_CSS = """
    ComparePane #head { height: 1; color: $text-muted; }
    ComparePane #empty { height: 1fr; content-align: center middle; color: $text-muted; }
    ComparePane #below { height: 1fr; margin-top: 1; scrollbar-size-vertical: 1; }
    ComparePane #below Static { height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self._report: Report | None = None
        self._width = 0

    def compose(self) -> ComposeResult:
        """A line on the order, the table, what is said of it."""
        below = VerticalScroll(Static(id="claims"), id="below", can_focus=False)
        yield Static(id="head")
        yield ReportTable(below, id="table")
        yield below
        yield Static(id="empty")

    def on_mount(self) -> None:
        """Until the first report there is only a word."""
        self._show_table(False)

    def on_show(self) -> None:
        """The keys go to the table."""
        self.query_one(ReportTable).focus(scroll_visible=False)

    def on_hide(self) -> None:
        """Nobody reads it: it need not be made."""
        dashboard(self).view.wants_report = False

    @on(events.Resize)
    def _fold(self) -> None:
        """Texts are folded to the width."""
        if self._report is not None and self._width != self.size.width:
            self._put(self._report)

    def show(self, view: View) -> None:
        """Show the report, if it is another one."""
        view.wants_report = True
        if view.report is None:
            self._report = None
            self._show_table(False)
            self.query_one("#empty", Static).update(Text(plain(self, waiting(view))))
        elif view.report is not self._report:
            self._put(view.report)

    def action_sort(self) -> None:
        """By the next column, or from its other end."""
        self.query_one(ReportTable).next_order()
        self._tell_order()

    def action_choose(self) -> None:
        """Go to the first trial of the row."""
        row, app = self.query_one(ReportTable).chosen(), dashboard(self)
        if row is None:
            return
        trials = app.view.info.plan.trials
        first = next(
            (i for i, one in enumerate(trials) if (one.variant, one.choice) == (row.variant, row.choice)), None
        )
        if first is not None:
            look_at(app.view, first)
            app.view.focus.follow = False
            app.redraw()

    def action_copy(self) -> None:
        """Copy the table and the claims, as Markdown."""
        from dlbench.export import exported

        if self._report is None:
            dashboard(self).notify("there is no table to copy yet", severity="warning")
            return
        dashboard(self).copy_to_clipboard(exported("markdown", self._report, dashboard(self).language))
        dashboard(self).notify("copied: the table, as Markdown")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter, or a second click."""
        event.stop()
        self.action_choose()

    def on_report_table_moved(self) -> None:
        """Other columns, another hint."""
        self._tell_order()

    def _put(self, report: Report) -> None:
        self._report, self._width = report, self.size.width
        is_ascii = not dashboard(self).glyphs.braille
        terminal = Terminal(
            max(self.size.width - 2, 20), True, is_ascii, "en" if is_ascii else dashboard(self).language
        )
        self._show_table(True)
        self.query_one(ReportTable).put(report, terminal)
        self.query_one("#claims", Static).update(below_table(report, terminal))
        self.call_after_refresh(self._tell_order)

    def _show_table(self, there: bool) -> None:  # noqa: FBT001  # it says whether
        for name in ("#head", "#table", "#below"):
            self.query_one(name).display = there
        self.query_one("#empty").display = not there

    def _tell_order(self) -> None:
        if self._report is None:
            return
        table = self.query_one(ReportTable)
        left, right = table.hidden
        parts = [f"{self._report.table.title}, {told_order(self._report.table, table.order)}".replace("_", " ")]
        parts += [f"← {counted(left)}"] * (left > 0) + [f"{counted(right)} →"] * (right > 0)
        text = plain(self, "   ".join(parts))
        self.query_one("#head", Static).update(Text(text, no_wrap=True, overflow="ellipsis"))


def counted(columns: int) -> str:
    """`1 more column`, `5 more columns`."""
    return f"{columns} more column{'' if columns == 1 else 's'}"


def below_table(report: Report, terminal: Terminal) -> RenderableType:
    """What remedies have done, the ensembles, the diagnosis, the claims with their verdicts, then the notes."""
    parts = [*remedies_blocks(report, terminal), *ensemble_blocks(report.ensembles, terminal)]
    parts += diagnosis_block(report, terminal)
    if report.verdicts:
        parts += [*claims_lines(claims_table(report.verdicts, terminal.language), terminal), Text()]
    notes = all_notes(report)
    return Group(*parts, *(noted(note, terminal) for note in notes))


def remedies_blocks(report: Report, terminal: Terminal) -> Iterator[RenderableType]:
    """Of a run that tries remedies their ranking, with an empty line behind each variant; or why it cannot be read."""
    try:
        tried = None if report.folder is None else tried_in(report.folder)
    except DlbenchError as error:
        yield from (Text(terminal.plain(str(error))), Text())
        return
    if tried is None:
        return
    from dlbench.analysis.remedy_outcomes import outcomes_of
    from dlbench.text.remedies import render_mended

    for one in outcomes_of(report.state, report.findings, tried):
        yield render_mended(one, tried, terminal)
        yield Text()


def waiting(view: View) -> str:
    """Why there is no table yet."""
    if view.problem is not None:
        return view.problem
    if view.loading is not None:
        return "The table appears once the run's events have been read."
    if view.status == "empty":
        return "This run was never started."
    return "The table appears in a moment."
