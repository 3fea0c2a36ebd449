"""Which column of a table is learned, which are left out, and what makes features of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from dlbench.errors import UsageError, hint
from dlbench.parts.datasets.csv_file.columns import CsvColumn
from dlbench.parts.datasets.csv_file.options import MISSING_WORDS
from dlbench.parts.datasets.csv_file.survey import CsvSurvey, survey
from dlbench.recipe.drafts.model import SEEN_FROM, DataLines
from dlbench.recipe.drafts.toml_lines import toml
from dlbench.recipe.messages import few, listed

FIELD = ("label", "labels", "class", "target", "y", "outcome", "response", "category")
CLASSICS = ("species", "survived", "quality", "diagnosis", "churn", "price")
NAMES = FIELD + CLASSICS
"""What columns to be learned are often called: the words of the field, then those of tables that many begin with."""

MANY_VALUES = 50
"""Different texts from which on a column is left out: one feature a value would be most of the net."""

SHOWN = 3
"""Other columns that could be learned, to be named."""

Key = Literal["label", "target"]


class Learnable(NamedTuple):
    """A column that could be learned, and as what; `is_forced` where it does not look like classes and shall be."""

    column: CsvColumn
    key: Key
    is_forced: bool = False


def table_lines(file: Path, path: str, label: str | None, target: str | None) -> DataLines:
    """The keys for a table; `label` and `target` are columns that the user names, of which one at most is given."""
    found = _surveyed(file, label or target)
    possible = list(_possible(found))
    answer = _asked(file, found, label, target) or _guessed(file, found, possible)
    settings: dict[str, object] = {"kind": "csv", "path": path, answer.key: found.key(answer.column)}
    said = {"kind": "A table with one sample per row.", "path": SEEN_FROM, answer.key: _about(found, answer)}
    chosen = ""
    if not (label or target):
        others = [one for one in possible if one.column is not answer.column]
        called = f"'{found.key(answer.column)}', {_place(found, answer)} of {file.name}"
        chosen = f"the recipe learns {called}; --label or --target takes another column"
        said[answer.key] += _alternatives(found, others)
    if answer.is_forced:
        settings["label_as"] = "classes"
        said["label_as"] = "Its values do not look like classes; this takes them for classes all the same."
    _features(found, answer, settings, said)
    return DataLines(settings, said, chosen, learns=f"'{found.key(answer.column)}'")


def _surveyed(file: Path, named: str | None) -> CsvSurvey:
    """All columns; a name that is one of the first row's makes that row a header."""
    if named is not None and not named.removeprefix("-").isdecimal():
        try:
            return survey(file, named)
        except ValueError:  # no column is called so, which is told with the names that there are
            pass
    return survey(file)


def _possible(found: CsvSurvey) -> Iterator[Learnable]:
    """Every column that could be learned, as what it looks like."""
    for column in found.columns:
        if column.counts_rows or _is_identifier(found, column):
            continue
        if found.is_class(column):
            yield Learnable(column, "label")
        elif found.is_number(column):
            yield Learnable(column, "target")


def _asked(file: Path, found: CsvSurvey, label: str | None, target: str | None) -> Learnable | None:
    """The column that the user names; raises `UsageError` where there is none."""
    named = label or target
    if named is None:
        return None
    column = found.find(named)
    if column is None:
        names = [one.name for one in found.columns] if found.has_header else []
        places = f"{file} has the columns 0 to {len(found.columns) - 1}"
        raise UsageError(f"{file} has no column {named!r}{hint(named, names, listed(names) if names else places)}")
    if target is not None:
        return Learnable(column, "target")
    return Learnable(column, "label", is_forced=not found.is_class(column) and found.is_class(column, "classes"))


def _guessed(file: Path, found: CsvSurvey, possible: Sequence[Learnable]) -> Learnable:
    """By its name, else the last column, else the first, else the one with the fewest values."""
    if not possible:
        raise UsageError(f"{file}: no column looks like something to learn; name one by --label or --target")
    named = {one.column.name.lower(): one for one in reversed(possible) if found.has_header}
    if by_name := next((named[name] for name in NAMES if name in named), None):
        return by_name
    for end in (found.columns[-1], found.columns[0]):
        if at_end := next((one for one in possible if one.column is end), None):
            return at_end
    return min(possible, key=lambda one: one.column.distinct)


def _place(found: CsvSurvey, answer: Learnable) -> str:
    """Where a column stands, in words."""
    position = answer.column.position
    return "the last column" if position == len(found.columns) - 1 else f"column {position} (from 0)"


def _about(found: CsvSurvey, answer: Learnable) -> str:
    """What a column to be learned holds."""
    if answer.key == "target":
        return f"The column to learn, as numbers: {answer.column.distinct:,} different ones."
    names = found.classes(answer.column)
    return f"The column to learn: {len(names):,} classes, {few(names)}."


def _alternatives(found: CsvSurvey, others: Sequence[Learnable]) -> str:
    """What else could be learned, to be pasted."""
    if not others:
        return " No other column looks like something to learn."
    ranked = sorted(others, key=lambda one: one.key == "target")
    shown = [f"`{one.key} = {toml(found.key(one.column))}`" for one in ranked[:SHOWN]]
    more = f" or one of {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    return f" Nobody said which; it could also be {' or '.join(shown)}{more}."


def _is_identifier(found: CsvSurvey, column: CsvColumn) -> bool:
    """Whether a column tells rows apart and nothing else, by its name and because no value comes twice."""
    name = column.name.lower().replace("_", "")
    return name.endswith("id") and column.distinct == found.rows and found.whole_numbers(column)


def _features(found: CsvSurvey, answer: Learnable, settings: dict[str, object], said: dict[str, str]) -> None:
    """Leave out what teaches nothing, and make numbers of the rest."""
    others = [one for one in found.columns if one is not answer.column]
    left_out = {one.position: why for one in others if (why := _useless(found, one))}
    obstacles = found.obstacles([one for one in others if one.position not in left_out], answer.column)
    left_out |= {
        one.position: "texts that hardly ever repeat" for one in obstacles.hopeless if one.position not in left_out
    }
    if left_out and len(left_out) < len(others):
        settings["ignore"] = [found.key(one) for one in others if one.position in left_out]
        said["ignore"] = f"Left out: {', '.join(dict.fromkeys(left_out.values()))}."
    kept = [one for one in others if one.position not in left_out or len(left_out) == len(others)]
    if any(one in kept for one in obstacles.text):
        settings["text"] = "one_hot"
        said["text"] = f"One feature per value of {few([one.name for one in obstacles.text if one in kept])}."
    if words := dict.fromkeys(word for one in obstacles.mixed if one in kept for word in one.words):
        settings["missing_words"] = [*MISSING_WORDS, *words]
        said["missing_words"] = f"What means a missing value; {few(list(words))} stand among the numbers."
    if answer.column.is_missing.any():
        settings["missing"] = "drop"
        said["missing"] = (
            f"Rows that lack a value are left out, since {int(answer.column.is_missing.sum()):,} lack what is learned."
        )
    elif words or any(one in kept for one in obstacles.gaps):
        settings["missing"] = "median"
        said["missing"] = 'Gaps are filled by the median of the training rows; "mean", or "drop" the rows.'


def _useless(found: CsvSurvey, column: CsvColumn) -> str:
    """Why a column teaches nothing, empty where it may."""
    if column.is_empty or column.unbounded:
        return "columns without numbers"
    if column.counts_rows:
        return "numbers of rows"
    if _is_identifier(found, column):
        return "identifiers"
    return f"texts with more than {MANY_VALUES} values" if column.is_text and column.distinct > MANY_VALUES else ""
