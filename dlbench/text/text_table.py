"""What people read, laid out as cells: tables of text, and the document that a report's tables, diagnosis and notes make.

Nothing here computes: `cells` and `document` make these of a report, terminal, Markdown, HTML and LaTeX are made of them.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Literal, TypeAlias

GLUE = "\u00a0"
UNBROKEN = re.compile(r"\d+ %|\w = \d+")
"""What of a title stays in one line."""

Tone: TypeAlias = Literal["", "best", "chosen", "partial", "confirmed", "refuted", "undecided"]
"""What a cell stands out by: the best of its column, what a search has picked, seeds not all at their end, a verdict."""


@dataclass(frozen=True)
class TextCell:
    """One cell as people read it: a number or words, what belongs to it, its mark."""

    text: str
    aside: str = ""
    mark: str = ""
    tone: Tone = ""
    value: float | None = None
    """The number that `text` rounds; `None` where it is none."""

    @property
    def parts(self) -> tuple[str, str, str]:
        """Printed beside each other, the first right-justified and the others left, so that decimals align."""
        return self.text, self.aside, self.mark

    @property
    def joined(self) -> str:
        """All of it in one line."""
        return " ".join(filter(None, self.parts))


@dataclass(frozen=True)
class Heading:
    """What a column is: `key` for programs, `title` for people, and whether numbers stand in it."""

    key: str
    title: str
    is_number: bool = True
    hint: str = ""
    """What the numbers are, in a sentence."""


def fold_title(title: str, width: int) -> list[str]:
    """A heading in lines about as wide as its cells, which part no number from its unit; `GLUE` stands between such two."""
    glued = UNBROKEN.sub(lambda match: match[0].replace(" ", GLUE), title)
    return textwrap.wrap(glued, max(width, *map(len, glued.split(" "))), break_on_hyphens=False) or [""]


@dataclass(frozen=True)
class TextTable:
    """A table as people read it, of which all formats are made: as many cells a row as headings."""

    key: str
    """Which of a report's tables it is: `comparison`, `search`, `ensembles`, ..."""
    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[TextCell, ...], ...]
    notes: tuple[str, ...] = ()
    """What must be said beneath it, and belongs to no other table."""

    def column(self, key: str) -> list[TextCell]:
        """The cells under a heading."""
        place = [heading.key for heading in self.headings].index(key)
        return [row[place] for row in self.rows]


@dataclass(frozen=True)
class Document:
    """A report in words: `tables` in the order in which they are read, the comparison first."""

    title: str
    tables: tuple[TextTable, ...]
    diagnosis: tuple[str, ...]
    """A sentence a variant, under `diagnosis_title`."""
    notes: tuple[str, ...]
    """What must be said so that no number misleads."""
    diagnosis_title: str = "Diagnosis"

    def table(self, key: str) -> TextTable | None:
        """The first table of a kind: `comparison`, `search`, `ensembles`, `claims`, `confusion`."""
        return next((one for one in self.tables if one.key == key), None)
