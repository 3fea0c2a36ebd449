"""From a log to its trials: which fields name them, which cell is the step, which cells are numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from dlbench.errors import hint, shortened
from dlbench.imports.log import Cell, Log, LogRow, storable, wrong
from dlbench.imports.names import EPOCHS, SECONDS, STEPS, first_of
from dlbench.imports.path_fields import PathPattern, told_fields
from dlbench.imports.templates import Template, seed_of, template
from dlbench.imports.trials import LONGEST_NAME, MOST_NAMES, MOST_TRIALS, Head, ImportedTrial, StepCells

LOOKED_AT = 100
"""Rows that show what a log has; a column that begins later is a number of its own, and names no trial."""
LARGEST_STEP = 2**53


@dataclass(frozen=True)
class ImportOptions:
    """What the caller says of all logs; without templates, fields called variant and seed are taken where there are such."""

    name: str
    variant: Template | None = None
    seed: Template | None = None
    path_pattern: PathPattern | None = None
    step: str | None = None
    renamed: dict[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()


def collected(log: Log, options: ImportOptions) -> list[ImportedTrial]:
    """The trials of a log; raises UsageError, with file and line, where it is damaged or does not have what is asked for."""
    rows = log.rows()
    first = list(islice(rows, LOOKED_AT))
    head = Head.of(first, log.columns)
    axis = _axis(log, head, options)
    fields, begin = _fields(log, head, axis, options)
    collector = _Collector(log, options, axis, fields, head)
    for row in chain(head.rows[begin:], rows):
        collector.take(row)
    collector.close()
    return list(collector.trials.values())


def _axis(log: Log, head: Head, options: ImportOptions) -> StepCells:
    """Which cells say where a row stands."""
    names, epoch, seconds = head.names, first_of(head.names, EPOCHS), first_of(head.names, SECONDS)
    if options.step is not None:
        if options.step not in names:
            others = hint(options.step, names, f"there are {', '.join(list(names)[:20])}")
            raise wrong(log.label, None, f"--step: there is no column '{shortened(options.step)}'{others}")
        return StepCells(options.step, None if epoch == options.step else epoch, seconds)
    if head.has_own_steps:
        return StepCells(None, epoch, seconds)
    step = first_of(names, STEPS)
    if step is None and epoch is not None:
        log.remarks.say(f"it has no steps: '{epoch}' is taken as the step")
        return StepCells(epoch, None, seconds)
    if step is None:
        log.remarks.say("it has neither steps nor epochs: rows are counted")
    return StepCells(step, epoch, seconds)


def _fields(log: Log, head: Head, axis: StepCells, options: ImportOptions) -> tuple[dict[str, Any], int]:
    """What holds for the whole log, by name, and how many rows at its beginning only say such things."""
    fields: dict[str, Any] = {"file": storable(log.path.stem), "folder": storable(log.path.absolute().parent.name)}
    fields |= told_fields(log.path) | log.hparams | log.names
    begin = 0
    if log.begins_with_hparams and axis.step is not None:
        while begin < len(head.rows) and axis.step not in head.rows[begin].cells:
            fields |= head.rows[begin].cells
            begin += 1
        if begin:
            log.remarks.say("what stands before the first step is taken as its hyperparameters")
    if options.path_pattern is not None:
        fields |= options.path_pattern.fields(log.path) or {}
    return fields, begin


class _Collector:
    """Takes row after row; cells that name a trial are none of its numbers."""

    def __init__(self, log: Log, options: ImportOptions, axis: StepCells, fields: dict[str, Any], head: Head) -> None:
        self.trials: dict[tuple[Cell, ...], ImportedTrial] = {}
        self._log, self._axis, self._fields, self._name = log, axis, fields, options.name
        names = {**fields, **head.names}
        self._variant, self._seed = options.variant, options.seed
        if self._variant is None and "variant" in names:
            self._variant = template("--variant", "{variant}")
        if self._seed is None and "seed" in names:
            self._seed = template("--seed", "{seed}")
        wanted = [one for one in (self._variant, self._seed) if one is not None]
        for one in wanted:
            one.check(log.label, names)
        needed = dict.fromkeys(name for one in wanted for name in one.fields)
        self._keys = tuple(name for name in needed if name not in fields)
        self._apart = axis.names | set(self._keys) | options.skipped
        self._numeric: set[str] = set()
        self._texts: dict[str, None] = {}

    def take(self, row: LogRow) -> None:
        """Put the numbers of a row into their series."""
        trial = self._trial_of(row)
        step = trial.step = self._step_of(row, trial)
        trial.rows += 1
        for name, cell in row.cells.items():
            if name in self._apart or name in self._texts:
                continue
            number = self._number(name, cell, row.line)
            if number is None:
                continue
            if len(name) > LONGEST_NAME:
                raise wrong(
                    self._log.label, row.line, f"'{shortened(name)}' is too long for a name; --skip leaves it out"
                )
            if not trial.add(name, step, number):
                raise wrong(self._log.label, row.line, f"has more than {MOST_NAMES:,} names of numbers; this is no log")
        for known, series in ((self._axis.epoch, trial.epochs), (self._axis.seconds, trial.seconds)):
            told = None if known is None else row.cells.get(known)
            if known is not None and told is not None:
                number = self._number(known, told, row.line)
                if number is not None and math.isfinite(number):
                    series.add(step, number)

    def close(self) -> None:
        """Remark what was left out; raises UsageError where a trial has no numbers."""
        if self._texts:
            names = ", ".join(f"'{name}'" for name in list(self._texts)[:10])
            self._log.remarks.say(f"left out, since it is text: {names}{', ...' if len(self._texts) > 10 else ''}")
        if not self.trials or not all(one.series for one in self.trials.values()):
            raise wrong(self._log.label, None, "has no numbers beside its steps")
        went_back = any(series.went_back for one in self.trials.values() for series in one.series.values())
        if went_back and not self._keys:
            self._log.remarks.say(
                "where a file holds several trials, name the columns that tell them apart in --variant, --seed"
            )

    def _number(self, name: str, cell: Cell, line: int) -> float | None:
        """A cell as a number; `None` of a column of texts, which its first cell shows."""
        if isinstance(cell, float):
            self._numeric.add(name)
            return cell
        try:
            number = float(cell)
            if "_" not in cell:
                self._numeric.add(name)
                return number
        except ValueError:
            pass
        if name in self._numeric:
            told = f"'{shortened(cell)}' in '{shortened(name)}' is no number, as what stands there before it"
            raise wrong(self._log.label, line, f"{told}; --skip {shortened(name)} leaves it out")
        self._texts[name] = None
        return None

    def _step_of(self, row: LogRow, trial: ImportedTrial) -> int:
        if self._axis.step is None:
            step = row.step if row.step is not None else float(trial.rows + 1)
        elif (cell := row.cells.get(self._axis.step)) is not None:
            try:
                step = float(cell)
            except ValueError:
                step = math.nan
        elif trial.step >= 0:
            return trial.step
        else:
            raise wrong(self._log.label, row.line, f"has no '{self._axis.step}', and no row before it has one")
        if not (0 <= step <= LARGEST_STEP and step == int(step)):
            told = row.step if self._axis.step is None else row.cells[self._axis.step]
            what = f"the step '{shortened(str(told))}' is no whole number from 0 on"
            raise wrong(self._log.label, row.line, f"{what}; --step names the column that has steps")
        return int(step)

    def _trial_of(self, row: LogRow) -> ImportedTrial:
        try:
            key = tuple(row.cells[name] for name in self._keys)
        except KeyError as error:
            raise wrong(self._log.label, row.line, f"has no '{error.args[0]}', by which trials are named") from error
        found = self.trials.get(key)
        if found is None:
            found = self.trials[key] = self._new_trial(key, row)
        return found

    def _new_trial(self, key: tuple[Cell, ...], row: LogRow) -> ImportedTrial:
        if len(self.trials) >= MOST_TRIALS:
            names = ", ".join(f"'{name}'" for name in self._keys)
            raise wrong(
                self._log.label, row.line, f"has more than {MOST_TRIALS:,} trials by {names}; are these no settings?"
            )
        own = dict(zip(self._keys, key, strict=True))
        values = self._fields | own
        variant = self._variant.filled(values).strip() if self._variant else self._name
        if not 0 < len(variant) <= LONGEST_NAME:
            what = f"'{shortened(variant)}' is too long for a variant" if variant else "the variant has no name"
            raise wrong(self._log.label, row.line, what)
        seed = seed_of(self._seed.filled(values), self._log.label, row.line) if self._seed else None
        apart = {"file", "folder", "variant", *self._log.names, *(self._seed.fields if self._seed else ())}
        settings = {name: value for name, value in values.items() if name not in apart}
        return ImportedTrial(variant, seed, settings)
