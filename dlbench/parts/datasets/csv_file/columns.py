"""What a column holds: numbers, text, or numbers with a few words between them; and where it lacks a value."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.csv_file.reading import Cells

FEW_WORDS = 5
"""So many different words among numbers are taken for mistakes or words for a missing value, not for categories..."""
FEW_CELLS = 0.1
"""... as is this share of the cells, however many words they hold..."""
FEW_NUMBERS = 20
"""... unless the different numbers beside them are so few that they are categories too, such as 0, 1, 2, 3+."""
INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class CsvColumn:
    """One column below the header: `cells` without blanks around them, null where a value is missing.

    `values` is `[rows]` in float64, NaN where a cell is missing or no number.
    """

    name: str
    position: int
    cells: Cells
    values: NDArray[np.float64]

    @cached_property
    def is_missing(self) -> NDArray[np.bool_]:
        """`[rows]`: where there is no value."""
        return np.asarray(self.cells.is_null())

    @cached_property
    def words(self) -> Counter[str]:
        """The cells that are no numbers, counted."""
        counts = self.cells.filter(np.isnan(self.values) & ~self.is_missing).value_counts().to_pylist()
        return Counter({entry["values"]: entry["counts"] for entry in counts})

    @cached_property
    def distinct(self) -> int:
        """How many different values it has, as they are spelled."""
        return len(self.cells.drop_null().unique())

    @cached_property
    def unbounded(self) -> int:
        """How many of its numbers float32 cannot hold, infinity among them."""
        return int((np.abs(self.values) > LARGEST).sum())

    @property
    def is_empty(self) -> bool:
        """Whether it has no value at all."""
        return bool(self.is_missing.all())

    @property
    def is_text(self) -> bool:
        """Whether its values are categories: words, or so few numbers beside words that they are names too."""
        return bool(self.words) and not self.is_mixed

    @property
    def is_mixed(self) -> bool:
        """Whether it holds many numbers and only few words."""
        is_little = len(self.words) <= FEW_WORDS or self.words.total() < FEW_CELLS * len(self.values)
        return bool(self.words) and is_little and len(np.unique(self.values[~np.isnan(self.values)])) > FEW_NUMBERS

    @property
    def counts_rows(self) -> bool:
        """Whether it only numbers the rows, one up from row to row; 0.5, 1.5, 2.5, ... are measured in even steps."""
        # A number too large for float64 is infinity here, and infinities have neither remainder nor difference.
        if len(self.values) < 3 or not np.isfinite(self.values).all():
            return False
        return bool(self.values[0] % 1 == 0 and np.all(np.diff(self.values) == 1))


def column_of(name: str, position: int, cells: Cells, missing_words: tuple[str, ...], decimal: str) -> CsvColumn:
    """The column, its words for missing values found and its numbers read."""
    import pyarrow.compute as pc

    plain = _all_numbers(cells, missing_words, decimal)
    if plain is not None:
        return CsvColumn(name, position, cells, plain)
    cells = pc.utf8_trim_whitespace(cells)
    cells = without_missing(cells, missing_words)
    return CsvColumn(name, position, cells, _numbers(cells, decimal))


def without_missing(cells: Cells, missing_words: tuple[str, ...]) -> Cells:
    """The cells, null where they are a word for a missing value, in whatever case."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pa.array([word.strip().lower() for word in missing_words], pa.string())
    is_missing = pc.is_in(pc.utf8_lower(cells), value_set=words)
    return pc.if_else(is_missing, pa.scalar(None, pa.string()), cells)


def is_number(text: str, decimal: str = ".") -> bool:
    """Whether a cell is a number, infinity among them, NaN not."""
    pattern = rf"[+-]?(\d+({re.escape(decimal)}\d*)?|{re.escape(decimal)}\d+)([eE][+-]?\d+)?"
    return bool(re.fullmatch(pattern, text, re.ASCII) or INFINITE.fullmatch(text))


def value_of(text: str, decimal: str = ".") -> float | None:
    """The cell as a finite number, `None` where it is none."""
    value = float(text.replace(decimal, ".")) if is_number(text, decimal) else math.inf
    return value if math.isfinite(value) else None


def _all_numbers(cells: Cells, missing_words: tuple[str, ...], decimal: str) -> NDArray[np.float64] | None:
    """The column at once where every cell is a number, as in most of a large table; else `None`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if decimal != "." or any(is_number(word) for word in missing_words):
        return None
    try:
        values: NDArray[np.float64] = np.asarray(pc.cast(cells, pa.float64()))
    except pa.ArrowInvalid:
        return None
    return None if np.isnan(values).any() else values


def _numbers(cells: Cells, decimal: str) -> NDArray[np.float64]:
    """`[rows]`, NaN where a cell is missing or no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    mark = re.escape(decimal)
    pattern = rf"^[+-]?(\d+({mark}\d*)?|{mark}\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf(inity)?)$"
    numbers: Any = pc.if_else(pc.match_substring_regex(cells, pattern), cells, pa.scalar(None, pa.string()))
    values: NDArray[np.float64] = np.asarray(pc.cast(pc.replace_substring(numbers, decimal, "."), pa.float64()))
    return values
