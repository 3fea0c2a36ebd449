"""What a recipe says of its table, in one hashable value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

MISSING_WORDS = ("", "?", "-", "na", "n/a", "nan", "null", "none", "<na>", "#n/a")
"""How a cell without a value is spelled unless a recipe says otherwise, in whatever case."""

Fill: TypeAlias = Literal["mean", "median", "drop"]


@dataclass(frozen=True, kw_only=True)
class CsvOptions:
    """The arguments of the dataset `csv` that decide what is read, its lists as tuples."""

    answer: int | str
    """The column of what is learned, by name or position."""
    is_target: bool
    """Whether that is a number; else it is a class."""
    label_as: Literal["auto", "classes"]
    header: Literal["auto", "yes", "no"]
    delimiter: str
    decimal: Literal["auto", ".", ","]
    encoding: str
    ignore: tuple[int | str, ...]
    text: Literal["one_hot"] | None
    ordinal: tuple[tuple[str, tuple[str, ...]], ...]
    missing: Fill | None
    missing_indicator: bool
    missing_words: tuple[str, ...]

    @property
    def answer_key(self) -> str:
        """The key by which a recipe names the column of what is learned."""
        return "target" if self.is_target else "label"
