"""What `table` and `export` are asked for: columns, rows, an order, or a metric over two settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dlbench.analysis.summary import Report
    from dlbench.plan.questions import Questions
    from dlbench.run.folder import RunFolder


OPTIONS = {
    "columns": "--columns",
    "sort": "--sort",
    "filters": "--filter",
    "hide_unchanged": "--hide-unchanged",
    "rows": "--rows",
    "cols": "--cols",
    "metric": "--metric",
}
"""Argument -> the option that gives it."""
OF_WHOLE_TRIALS = ("safetensors", "tensorboard")
"""Formats that show no table."""


def refuse_ignored(wishes: Mapping[str, Any], form: str, what: str | None = None) -> None:
    """Raise UsageError where a format, or one of the tables of numbers, would leave an option unheard."""
    from dlbench.errors import UsageError

    given = [option for name, option in OPTIONS.items() if wishes[name]]
    if given and form in OF_WHOLE_TRIALS:
        raise UsageError(f"{form} holds whole trials and no table, which is what {', '.join(given)} would change")
    others = [option for option in given if option != OPTIONS["filters"]]
    if others and what not in {None, "table"}:
        raise UsageError(
            f"of these options --what {what} takes --filter alone; {', '.join(others)} would change the table"
        )


def asked_in(file: Path | None, folder: RunFolder) -> Questions | None:
    """What a file asks of recordings; raises UsageError where the run has a recipe that asks, RecipeError where it is wrong."""
    if file is None:
        return None
    from dlbench.errors import UsageError
    from dlbench.recipe.questions import questions_from

    if not folder.read_plan().recorded:
        raise UsageError(f"--questions is for recordings; what is asked of {folder.name} stands in its recipe")
    return questions_from(file)


def summarized(folder: RunFolder, file: Path | None) -> Report:
    """The report of a run, as a file of questions asks, if one is given.

    Raises UsageError and RecipeError as `asked_in` does, and RecipeError where recordings that have all ended have none of the
    names that the file asks of, but others that look much like them.
    """
    from dlbench.analysis.summary import summarize

    questions = asked_in(file, folder)
    report = summarize(folder, questions)
    if file is not None and questions is not None and _has_ended(report, folder):
        from dlbench.analysis.asked_names import unknown_names
        from dlbench.recipe.questions import located

        if wrong := [one for one in unknown_names(report.state, questions) if one.is_misspelt]:
            raise located(file, [(one.path, one.what.replace(" so far;", ";")) for one in wrong])
    return report


def _has_ended(report: Report, folder: RunFolder) -> bool:
    """Whether nothing more will be recorded, as far as is known here."""
    from dlbench.run.repeats import to_come

    return to_come(folder.path) is None and all(trial.status.final for trial in report.state.trials)


def as_asked(
    report: Report,
    *,
    columns: Sequence[str] | None,
    sort: str | None,
    filters: Sequence[str] | None,
    hide_unchanged: bool,
    rows: str | None,
    cols: str | None,
    metric: str | None,
) -> Report:
    """A report as the options ask for it; raises UsageError where they do not go together or name what is not there."""
    from dlbench.errors import UsageError

    is_pivot = rows is not None or cols is not None
    if metric is not None and not is_pivot:
        raise UsageError("--metric goes with --rows and --cols; --columns chooses what the table shows")
    if is_pivot and (rows is None or cols is None):
        raise UsageError(f"--rows and --cols go together; {'--rows' if rows is None else '--cols'} is missing")
    if is_pivot and (columns or sort or hide_unchanged):
        raise UsageError(
            "--rows and --cols show one metric: --columns, --sort and --hide-unchanged do not go with them"
        )
    if not (is_pivot or columns or sort or filters or hide_unchanged):
        return report
    from dlbench.analysis.arrangement import TableWishes, arranged

    names = [name.strip() for text in columns or () for name in text.split(",") if name.strip()]
    if columns and not names:
        raise UsageError("--columns names no column; say which, such as --columns test_loss,lr")
    found = arranged(report, TableWishes(names, sort, filters or (), hide_unchanged))
    if rows is None or cols is None:
        return found
    from dlbench.analysis.pivot import pivoted

    return pivoted(found, rows, cols, metric)
