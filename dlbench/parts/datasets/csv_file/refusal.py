"""Why a table cannot be learned from as it is: every column concerned at once, with both ways out to be pasted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dlbench.parts.datasets.csv_file.columns import Column
from dlbench.parts.datasets.csv_file.options import MISSING_WORDS, Options

SHOWN = 12
SHOWN_WORDS = 3
NEARLY_UNIQUE = 0.5


@dataclass(frozen=True)
class Obstacles:
    """The columns that are no features yet, by why; `unlabelled` says at which lines labels are missing."""

    rows: int
    text: list[Column] = field(default_factory=list)
    mixed: list[Column] = field(default_factory=list)
    gaps: list[Column] = field(default_factory=list)
    unbounded: list[Column] = field(default_factory=list)
    empty: list[Column] = field(default_factory=list)
    unlabelled: str = ""
    complete_rows: int = 0

    @property
    def columns(self) -> list[Column]:
        """All columns concerned, once each, in the order of the file."""
        every = [*self.text, *self.mixed, *self.gaps, *self.unbounded, *self.empty]
        return sorted({column.position: column for column in every}.values(), key=lambda column: column.position)


def obstacles_in(columns: Sequence[Column], options: Options, unlabelled: str, complete_rows: int) -> Obstacles:
    """What stands in the way of the features in `columns`, ordinal ones left out but for their gaps."""
    found = Obstacles(len(columns[0].values), unlabelled=unlabelled, complete_rows=complete_rows)
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


def refusal(file: str, found: Obstacles, options: Options) -> str | None:
    """One sentence that names them all with their counts and both ways out; `None` where nothing is in the way."""
    if not found.columns and not found.unlabelled:
        return None
    rows = f"of {found.rows:,} rows"
    told = [
        _told(("holds text", "hold text"), found.text, lambda one: f"{one.distinct:,} values"),
        _told(("holds numbers and a few words", "hold numbers and a few words"), found.mixed, _words),
        _told(
            ("holds numbers beyond float32", "hold numbers beyond float32"),
            found.unbounded,
            lambda one: f"{one.unbounded:,} {rows}",
        ),
        _told(("lacks values", "lack values"), found.gaps, lambda one: f"{int(one.is_missing.sum()):,} {rows}"),
        _told(("is empty", "are empty"), found.empty, lambda one: f"all {len(one.values):,} rows"),
        f"no label at {found.unlabelled}" if found.unlabelled else "",
    ]
    return f"{file} cannot be learned from as it is: {'; '.join(filter(None, told))}. {_ways(found, options)}"


def _told(what: tuple[str, str], columns: Sequence[Column], count: Callable[[Column], str]) -> str:
    if not columns:
        return ""
    listed = [f"{column.name or f'column {column.position}'} ({count(column)})" for column in columns[:SHOWN]]
    more = [f"{len(columns) - SHOWN:,} more"] if len(columns) > SHOWN else []
    verb = f"column {what[0]}" if len(columns) == 1 else f"columns {what[1]}"
    return f"{len(columns):,} {verb}: {', '.join(listed + more)}"


def _words(column: Column) -> str:
    shown = ", ".join(f"{word!r} {count:,} times" for word, count in column.words.most_common(SHOWN_WORDS))
    more = len(column.words) - SHOWN_WORDS
    return shown + (f" and {more} more words" if more > 0 else "")


def _ways(found: Obstacles, options: Options) -> str:
    """What to write under [data]: leave columns out, or make features of them."""
    keep = _kept(found, options)
    if not found.columns:
        return f"Fill the labels in, or write {keep[0]} (keeps {found.complete_rows:,} rows)"
    leave = [_ignored(found.columns, options)] + ([] if not found.unlabelled else ['`missing = "drop"`'])
    return f"Under [data], write {' and '.join(leave)} to leave {'them' if len(found.columns) > 1 else 'it'} out" + (
        f"; or {' and '.join(keep)} to learn from {'them' if len(found.columns) > 1 else 'it'}" if keep else ""
    )


def _kept(found: Obstacles, options: Options) -> list[str]:
    """The keys that make features of what can be made into features; nearly unique texts are still left out."""
    names = [one for one in found.text if one.distinct > NEARLY_UNIQUE * found.rows]
    hopeless = [*found.unbounded, *found.empty, *names]
    ways = []
    if len(hopeless) == len(found.columns) and not found.unlabelled:
        return [] if found.unbounded or found.empty else ['`text = "one_hot"`']
    if hopeless:
        ways.append(_ignored(sorted(hopeless, key=lambda one: one.position), options))
    if len(found.text) > len(names):
        ways.append('`text = "one_hot"`')
    if found.mixed:
        words = dict.fromkeys(word for column in found.mixed for word in column.words)
        ways.append(f"`missing_words = {_toml([*(options.missing_words or MISSING_WORDS), *words])}`")
    if found.unlabelled:
        ways.append('`missing = "drop"`')
    elif (found.gaps or found.mixed) and options.missing is None:
        ways.append(f'`missing = "median"` (or "mean"; "drop" keeps {found.complete_rows:,} rows)')
    return ways


def _ignored(columns: Sequence[Column], options: Options) -> str:
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
