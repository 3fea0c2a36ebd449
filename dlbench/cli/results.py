"""`dlbench table` and `runs`: runs, on disk or under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlbench.cli import complete
from dlbench.cli.kept_views import KeptViews
from dlbench.cli.options import (
    Ascii,
    Columns,
    Filters,
    HideUnchanged,
    Json,
    Lang,
    Out,
    OwnParts,
    PivotColumns,
    PivotMetric,
    PivotRows,
    QuestionsFile,
    Run,
    Sort,
)
from dlbench.cli.output import columns as in_columns
from dlbench.cli.output import emit, emit_json, emit_styled, report_text, say
from dlbench.cli.table_options import as_asked, summarized
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from dlbench.launch.listing import Listed


def table(
    run: Run,
    *,
    columns: Columns = None,
    sort: Sort = None,
    filters: Filters = None,
    hide_unchanged: HideUnchanged = False,
    rows: PivotRows = None,
    cols: PivotColumns = None,
    metric: PivotMetric = None,
    questions: QuestionsFile = None,
    out: Out = complete.RESULTS,
    ascii_only: Ascii = False,
    lang: Lang = None,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Print a run's comparison table, what is wrong with its variants, and the verdicts on its claims.

    Whatever is chosen to be shown, no number changes: intervals and marks stay those of the whole comparison.
    """
    from dlbench.run.group import find_shown

    folder = find_shown(out, run)
    wishes: dict[str, Any] = dict(
        columns=columns, sort=sort, filters=filters, hide_unchanged=hide_unchanged, rows=rows, cols=cols, metric=metric
    )
    views = KeptViews(folder) if questions is None and not any(wishes.values()) else None
    language = "en" if ascii_only else readers_language(lang)
    if views is not None and views.show(language, json=json, ascii_only=ascii_only):
        return
    found = as_asked(summarized(folder, questions), **wishes)
    if json:
        from dlbench.export.json_data import as_data

        emit_json(as_data(found))
    else:
        emit_styled(report_text(found, language=language, ascii_only=ascii_only))
    if views is not None:
        views.keep(found, json=json)


def runs(*, out: Out = complete.RESULTS, json: Json = False) -> None:
    """List the runs, newest first, with their status."""
    from dlbench.launch.listing import listed
    from dlbench.run.group import shown_runs

    found = [listed(folder) for folder in shown_runs(out)]
    if json:
        emit_json(found)
    elif found:
        rows = [(one.run, _state(one), str(one.trials), one.started) for one in found]
        emit(in_columns([("run", "state", "trials", "started"), *rows]))
    else:
        say(f"there are no runs under {out}; start one with `dlbench run RECIPE`")


def _state(one: Listed) -> str:
    """How a run stands; of a group also how many are at work and to come: `running (2 of 6 recordings, 12 to come)`."""
    state = "paused" if one.paused else one.state
    at_work = f"{one.at_work} of {one.recordings} recordings" if one.at_work else ""
    told = ", ".join(filter(None, [at_work, f"{one.to_come} to come" if one.to_come else ""]))
    return f"{state} ({told})" if told else state
