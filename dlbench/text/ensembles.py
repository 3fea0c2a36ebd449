"""Ensembles as text: a row for every size and way to combine of each variant, the same in every display and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from dlbench.analysis.ensembles.ensemble import Combined, EnsembleGroup, Ensembles
from dlbench.metrics.format import NOTHING, interval_text, number
from dlbench.metrics.names import ENSEMBLE, ENSEMBLE_ACCURACY, ENSEMBLE_GAIN, ENSEMBLE_LOSS, ENSEMBLE_LOSS_GAIN
from dlbench.text.blocks import Terminal, table_blocks
from dlbench.text.text_table import Heading, TextCell, TextTable

TITLE = "Ensembles"
NAMES = "variant, members"


@dataclass(frozen=True)
class EnsembleColumn:
    """A column of numbers: its title, the quantity, and whether it is a gain, which has a sign and its interval."""

    title: str
    name: str
    is_gain: bool = False


COLUMNS = (
    EnsembleColumn("accuracy", ENSEMBLE_ACCURACY),
    EnsembleColumn("gain", ENSEMBLE_GAIN, is_gain=True),
    EnsembleColumn("loss", ENSEMBLE_LOSS),
    EnsembleColumn("loss gain", ENSEMBLE_LOSS_GAIN, is_gain=True),
)
COUNT = "subsets"


def name_of(found: Ensembles, group: EnsembleGroup, one: Combined) -> str:
    """What a row is: `few labels, 3 members`, and how they are combined where there are several ways."""
    size = f"{one.size} member{'' if one.size == 1 else 's'}"
    return ", ".join([group.name, size, *([one.method] if len(found.wanted.methods) > 1 else [])])


def count_of(one: Combined) -> TextCell:
    """How many subsets were made, and of how many where not of all."""
    made = len(one.subsets)
    return TextCell(f"{made:,}", "" if made == one.possible else f"of {one.possible:,}", value=made)


def cell_of(one: Combined, column: EnsembleColumn) -> TextCell:
    """One number of a row with its interval; a member alone is what gains are held against."""
    found = one.estimate(column.name)
    if found is None:
        return TextCell(NOTHING)
    if column.is_gain and one.size == 1:
        return TextCell("", "baseline")
    spec = "+.4f" if column.is_gain else ".4f"
    interval = interval_text(found.interval, spec) if column.is_gain and found.interval else ""
    return TextCell(number(found.mean, spec), interval, value=found.mean)


def shown_columns(found: Ensembles) -> list[EnsembleColumn]:
    """The columns that have numbers: votes alone have no losses."""
    return [column for column in COLUMNS if any(column.name in one.values for _, one in found.rows)]


def ensemble_table(found: Ensembles) -> TextTable:
    """The ensembles as text; no rows where none could be made."""
    columns = shown_columns(found)
    headings = (
        Heading("variant", NAMES, is_number=False),
        Heading("subsets", COUNT),
        *(Heading(column.name, column.title, hint=ENSEMBLE[column.name]) for column in columns),
    )
    rows = tuple(
        (TextCell(name_of(found, group, one)), count_of(one), *(cell_of(one, column) for column in columns))
        for group, one in found.rows
    )
    return TextTable("ensembles", TITLE, headings, rows)


def ensemble_blocks(found: Ensembles | None, terminal: Terminal) -> Iterator[RenderableType]:
    """The ensembles for a terminal, if there are any; the notes are not among them."""
    if found is None or not any(found.rows):
        return
    yield Text(TITLE, style="bold")
    yield from table_blocks(ensemble_table(found), terminal)
