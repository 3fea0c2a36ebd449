"""Whose numbers are drawn: the rows of the table with their trials, each with its place, which gives it its colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlbench.analysis.candidate_results import CandidateResults, candidate_results
from dlbench.analysis.summary import Report
from dlbench.analysis.table import Row
from dlbench.errors import UsageError
from dlbench.plan import candidate_text
from dlbench.state.selection import Selection, chosen_trial, chosen_trials
from dlbench.state.trial_state import TrialState


@dataclass(frozen=True)
class Entry:
    """A row of the table with its trials."""

    row: Row
    trials: tuple[TrialState, ...]
    number: int
    """Its place among all rows, so that it looks the same whichever others are drawn."""

    @property
    def results(self) -> CandidateResults:
        """Its trials as the table sees them."""
        return CandidateResults(self.row.variant, self.row.choice, self.trials)

    @property
    def name(self) -> str:
        """Variant and choice, and how many of its seeds were lost."""
        name, lost = candidate_text(self.row), sum(trial.diverged_at is not None for trial in self.trials)
        return f"{name} ({lost} of {len(self.trials)} diverged)" if lost else name


def entries(
    report: Report, variants: Sequence[str] = (), seed: int | None = None, *, with_search: bool = False
) -> list[Entry]:
    """The rows of some variants, in the order in which they are named, or of all; with `seed` its trials alone.

    As in the table each variant is the candidate that its search picks; `with_search` one alone is all of its candidates. Raises
    UsageError where there is no such variant or seed.
    """
    for name in variants:
        chosen_trials(report.state, name)
    table = report.table
    names = list(dict.fromkeys(variants)) or [row.variant for row in table.rows]
    rows = table.sweep if with_search and table.sweep and len(names) == 1 else table.rows
    found = [_entry(report, row, number, seed) for number, row in enumerate(rows) if row.variant in names]
    if not any(entry.trials for entry in found):
        named: Sequence[str | None] = variants or (None,)
        for own in named:
            chosen_trial(report.state, Selection(own, seed))
        raise UsageError("this run has no trials")
    return sorted(found, key=lambda entry: names.index(entry.row.variant))


def standing(found: Sequence[Entry]) -> str:
    """How many trials have not ended, where some have not: the figure may still change."""
    trials = [trial for entry in found for trial in entry.trials]
    left = sum(not trial.status.final for trial in trials)
    return f"{left} of {len(trials)} trials have not ended" if left else ""


def _entry(report: Report, row: Row, number: int, seed: int | None) -> Entry:
    own = [one for one in candidate_results(report.state)[row.variant] if one.choice == row.choice]
    trials = tuple(trial for one in own for trial in one.trials if seed in {None, trial.plan.seed})
    return Entry(row, trials, number)
