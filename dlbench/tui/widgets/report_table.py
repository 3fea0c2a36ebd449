"""The comparison table on the screen: the same texts as in print, in rows that stay, sorted by any column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import VerticalScroll
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable

from dlbench.tui.app_base import dashboard
from dlbench.tui.model.table_view import NAMES, SEEDS, Sort, TableView, ViewColumn, ordered, rows_of, table_view

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report
    from dlbench.analysis.table import Row
    from dlbench.text.blocks import Terminal


class ReportTable(DataTable[Text]):
    """The rows of a report. Columns beyond the right border come by the arrows; `Moved` tells that they did.

    Down and up beyond the ends of the table scroll what stands `below` it.
    """

    DEFAULT_CSS = """
    ReportTable { height: auto; max-height: 60%; scrollbar-size-horizontal: 1; scrollbar-size-vertical: 1; }
    """

    class Moved(Message):
        """Other columns are on the screen, or other rows on top."""

    def __init__(self, below: VerticalScroll, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id, cursor_type="row", fixed_columns=1, cell_padding=1)
        self.order: Sort | None = None
        self._below = below
        self._report: Report | None = None
        self._table = TableView([], [], {})

    def put(self, report: Report, terminal: Terminal) -> None:
        """Show a report: new cells where they differ, a new table where rows or columns do."""
        self._report = report
        before, self._table = self._table, table_view(report.table, terminal, dashboard(self).glyphs.ellipsis)
        if (before.rows, before.columns) != (self._table.rows, self._table.columns):
            self._rebuild()
        else:
            changed = [place for place, cell in self._table.cells.items() if before.cells[place] != cell]
            for place in changed:
                self.update_cell(*place, self._text(*place))
            if not changed:
                return
        self._arrange()

    def next_order(self) -> None:
        """Best first by the next measured column, then from its other end, then the next; in the end the recipe's order."""
        keys = [column.key for column in self._table.columns if column.key not in {NAMES, SEEDS}] + [SEEDS]
        cycle = [None, *(Sort(key, backwards) for key in keys for backwards in (False, True))]
        at = cycle.index(self.order) if self.order in cycle else 0
        self.sort_by(cycle[(at + 1) % len(cycle)])

    def sort_by(self, order: Sort | None) -> None:
        """Order the rows, and bring the column into sight."""
        self.order = order
        self._arrange()
        keys = [column.key for column in self._table.columns]
        if order is not None and order.key in keys[1:]:
            before = sum(map(self._width, self._table.columns[1 : keys.index(order.key)]))
            room = self.scrollable_content_region.width - self._width(self._table.columns[0])
            own = self._width(self._table.columns[keys.index(order.key)])
            self.scroll_to(x=min(max(self.scroll_x, before + own - room), before), animate=False)
        self.post_message(self.Moved())

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A click on a header sorts, a second one backwards."""
        event.stop()
        key = str(event.column_key.value)
        self.sort_by(Sort(key, backwards=self.order == Sort(key)))

    @property
    def hidden(self) -> tuple[int, int]:
        """How many columns are wholly or partly beyond the left and the right border."""
        if not self._table.columns:
            return 0, 0
        first, *others = self._table.columns
        start, end = self._width(first), self.scrollable_content_region.width
        edge, left, right = start - round(self.scroll_x), 0, 0
        for column in others:
            left += edge < start
            edge += self._width(column)
            right += edge > end
        return left, right

    def chosen(self) -> Row | None:
        """The row under the bar."""
        if self._report is None or not self.row_count:
            return None
        key = str(self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value)
        return dict(rows_of(self._report.table)).get(key)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Tell that other columns are seen."""
        super().watch_scroll_x(old_value, new_value)
        self.post_message(self.Moved())

    def action_cursor_down(self) -> None:
        """The next row, or on beneath the table."""
        if self.cursor_row >= self.row_count - 1:
            self._below.scroll_down(animate=False)
        else:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """The row before, once what stands beneath is back at its beginning."""
        if self._below.scroll_y > 0:
            self._below.scroll_up(animate=False)
        else:
            super().action_cursor_up()

    def action_page_down(self) -> None:
        """A page of the table, or of what stands beneath."""
        if self.cursor_row >= self.row_count - 1:
            self._below.scroll_page_down(animate=False)
        else:
            super().action_page_down()

    def action_page_up(self) -> None:
        """A page back."""
        if self._below.scroll_y > 0:
            self._below.scroll_page_up(animate=False)
        else:
            super().action_page_up()

    def _rebuild(self) -> None:
        at, left = self.cursor_coordinate.row, self.scroll_x
        self.clear(columns=True)
        self.header_height = max((column.title.count("\n") + 1 for column in self._table.columns), default=1)
        for column in self._table.columns:
            self.add_column(self._label(column), key=column.key, width=column.width)
        for row in self._table.rows:
            self.add_row(*(self._text(row, column.key) for column in self._table.columns), key=row)
        self.cursor_coordinate = Coordinate(min(at, max(len(self._table.rows) - 1, 0)), 0)
        self.scroll_to(x=left, animate=False)

    def _text(self, row: str, column: str) -> Text:
        cell, style = self._table.cells[row, column]
        return Text(cell, style=style, justify="left" if column == NAMES else "right", no_wrap=True)

    def _label(self, column: ViewColumn) -> Text:
        style = "reverse" if self.order is not None and self.order.key == column.key else ""
        return Text(column.title, style=style, justify="left" if column.key == NAMES else "right", no_wrap=True)

    def _arrange(self) -> None:
        """Put the rows into their order; their keys stay, and so do their cells."""
        if self._report is None or not self._table.rows:
            return
        for key, column in self.columns.items():
            column.label = self._label(next(one for one in self._table.columns if one.key == key.value))
        rank = {key: place for place, key in enumerate(ordered(self._report.table, self.order))}
        # The table asks for the key of each row once, in the order in which they were added.
        places: Iterator[int] = iter([rank[key] for key in self._table.rows])
        self.sort(key=lambda _: next(places))

    def _width(self, column: ViewColumn) -> int:
        return column.width + 2 * self.cell_padding
