"""Why a table cannot be learned from as it is: every column concerned at once, with both ways out to be pasted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dlbench.parts.datasets.csv_file.columns import CsvColumn
from dlbench.parts.datasets.csv_file.options import CsvOptions

SHOWN = 100
SHOWN_WORDS = 3
NEARLY_UNIQUE = 0.5


@dataclass(frozen=True)
class Obstacles:
    """The columns that are no features yet, by why, of `all_columns`.

    `labelled` is `[rows]`; `unlabelled` says at which lines labels are missing, `label_words` what stands there.
    """

    all_columns: Sequence[CsvColumn]
    labelled: NDArray[np.bool_]
    text: list[CsvColumn] = field(default_factory=list)
    mixed: list[CsvColumn] = field(default_factory=list)
    gaps: list[CsvColumn] = field(default_factory=list)
    unbounded: list[CsvColumn] = field(default_factory=list)
    empty: list[CsvColumn] = field(default_factory=list)
    unlabelled: str = ""
    label_words: Sequence[str] = ()

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return len(self.labelled)

    @property
    def hopeless(self) -> list[CsvColumn]:
        """What is left out in any case: no numbers, or texts that are nearly unique while other columns are left."""
        names = [one for one in self.text if one.distinct > NEARLY_UNIQUE * self.rows]
        every = sorted([*self.unbounded, *self.empty, *names], key=lambda one: one.position)
        return [] if len(every) == len(self.all_columns) else every

    @property
    def complete_rows(self) -> int:
        """How many rows lack nothing once words among numbers are missing values too, hopeless columns left out."""
        left_out = {column.position for column in self.hopeless}
        mixed = {column.position for column in self.mixed}
        lacking = [
            np.isnan(one.values) if one.position in mixed else one.is_missing
            for one in self.all_columns
            if one.position not in left_out and not one.is_empty
        ]
        return int(np.sum(~np.any([~self.labelled, *lacking], axis=0)))

    @property
    def columns(self) -> list[CsvColumn]:
        """All columns concerned, once each, in the order of the file."""
        every = [*self.text, *self.mixed, *self.gaps, *self.unbounded, *self.empty]
        return sorted({column.position: column for column in every}.values(), key=lambda column: column.position)


def obstacles_in(columns: Sequence[CsvColumn], labelled: NDArray[np.bool_], options: CsvOptions) -> Obstacles:
    """What stands in the way of the features in `columns`, ordinal ones left out but for their gaps; `labelled` is `[rows]`."""
    found = Obstacles(columns, labelled)
    ordinal = dict(options.ordinal)
    for column in columns:
        is_words = column.name not in ordinal and column.is_text
        if column.is_empty:
            found.empty.append(column)
        elif is_words and options.text is None:
            found.text.append(column)
        elif column.name not in ordinal and column.is_mixed:
            found.mixed.append(column)
        if column.unbounded and not is_words:
            found.unbounded.append(column)
        if column.is_missing.any() and options.missing is None and not column.is_empty and not is_words:
            found.gaps.append(column)
    return found


def refusal(file: str, found: Obstacles, options: CsvOptions) -> str | None:
    """One sentence that names them all with their counts and both ways out; `None` where nothing is in the way."""
    if not found.columns and not found.unlabelled:
        return None
    rows = _of_rows(found)
    told = [
        _told(
            ("holds text", "hold text"), found.text, lambda one: f"{one.distinct:,} value{'s' * (one.distinct != 1)}"
        ),
        _told(("holds numbers and a few words", "hold numbers and a few words"), found.mixed, _words),
        _told(
            ("holds numbers beyond float32", "hold numbers beyond float32"),
            found.unbounded,
            lambda one: f"{one.unbounded:,} {rows}",
        ),
        _told(("lacks values", "lack values"), found.gaps, lambda one: f"{int(one.is_missing.sum()):,} {rows}"),
        _told(("is empty", "are empty"), found.empty, lambda one: f"all {len(one.values):,} rows"),
        f"no {options.answer_key} at {found.unlabelled} ({', '.join(map(repr, found.label_words))})"
        if found.unlabelled
        else "",
    ]
    return f"{file} cannot be learned from as it is: {'; '.join(filter(None, told))}. {_ways(found, options)}"


def _told(what: tuple[str, str], columns: Sequence[CsvColumn], count: Callable[[CsvColumn], str]) -> str:
    if not columns:
        return ""
    listed = [f"{column.name or f'column {column.position}'} ({count(column)})" for column in columns[:SHOWN]]
    more = [f"{len(columns) - SHOWN:,} more"] if len(columns) > SHOWN else []
    verb = f"column {what[0]}" if len(columns) == 1 else f"columns {what[1]}"
    return f"{len(columns):,} {verb}: {', '.join(listed + more)}"


def _words(column: CsvColumn) -> str:
    shown = ", ".join(f"{word!r} {count:,} times" for word, count in column.words.most_common(SHOWN_WORDS))
    more = len(column.words) - SHOWN_WORDS
    return shown + (f" and {more} more words" if more > 0 else "")


def _ways(found: Obstacles, options: CsvOptions) -> str:
    """What to write under [data]: leave columns out, or make features of them; and what if a label is no missing one."""
    drop = [f'`missing = "drop"` (keeps {found.complete_rows:,} {_of_rows(found)})'] if found.unlabelled else []
    if not found.columns:
        return f"Fill the {options.answer_key}s in, or write {drop[0]} under [data]{_no_gap(found, options)}"
    what = "them" if len(found.columns) > 1 else "it"
    ways = []
    if len(found.columns) < len(found.all_columns):
        leave = [_ignored(found.columns, options)] + (['`missing = "drop"`'] if found.unlabelled else [])
        ways.append(f"{' and '.join(leave)} to leave {what} out")
    keep = _kept(found, options) + drop
    if len(found.hopeless) < len(found.columns) and keep:
        ways.append(f"{' and '.join(keep)} to learn from {what}")
    told = f"Under [data], write {'; or '.join(ways)}" if ways else "No other column is left to learn from"
    return told + _no_gap(found, options)


def _kept(found: Obstacles, options: CsvOptions) -> list[str]:
    """The keys that make features of all that can be made into features."""
    ways = [_ignored(found.hopeless, options)] if found.hopeless else []
    if {column.position for column in found.text} - {column.position for column in found.hopeless}:
        ways.append('`text = "one_hot"`')
    if found.mixed:
        words = dict.fromkeys(word for column in found.mixed for word in column.words)
        ways.append(f"`missing_words = {_toml([*options.missing_words, *words])}`")
    if (found.gaps or found.mixed) and options.missing is None and not found.unlabelled:
        ways.append(f'`missing = "median"` (or "mean"; "drop" keeps {found.complete_rows:,} {_of_rows(found)})')
    return ways


def _no_gap(found: Obstacles, options: CsvOptions) -> str:
    """What to write where a label is a word that only looks like a missing value."""
    words = [word for word in found.label_words if word]
    if not words or options.is_target:
        return ""
    taken = {word.lower() for word in words}
    kept = [word for word in options.missing_words if word.strip().lower() not in taken]
    return f". If {' or '.join(map(repr, words))} names a class: `missing_words = {_toml(kept)}`"


def _of_rows(found: Obstacles) -> str:
    return f"of {found.rows:,} rows"


def _ignored(columns: Sequence[CsvColumn], options: CsvOptions) -> str:
    """The key that leaves columns out, those that are left out already with them; by position where a name is no name."""
    names = [column.name for column in columns]
    new = [
        name if name and names.count(name) == 1 else column.position
        for name, column in zip(names, columns, strict=False)
    ]
    return f"`ignore = {_toml([*options.ignore, *new])}`"


def _toml(values: Sequence[str | int]) -> str:
    """A list as TOML writes it: strings of JSON are basic strings of TOML."""
    return json.dumps(values, ensure_ascii=False)
