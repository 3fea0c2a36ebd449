"""`dlbench export`: a run's results as files, for people and for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.kept_views import TRIALS, KeptViews
from dlbench.cli.nets import FORMAT, Seed, Variant, export_nets, is_wanted
from dlbench.cli.options import (
    Columns,
    Filters,
    HideUnchanged,
    Lang,
    Out,
    OutputFile,
    OwnParts,
    PivotColumns,
    PivotMetric,
    PivotRows,
    QuestionsFile,
    Run,
    Sort,
)
from dlbench.cli.output import emit_chunks, save, saving, say
from dlbench.cli.table_options import as_asked, refuse_ignored, summarized
from dlbench.words.language import readers_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dlbench.export import ExportSource
    from dlbench.run.folder import RunFolder

    Keeping: TypeAlias = Callable[[str], None]

TABLES = ("trials", "ensembles", "confusion")
"""Tables that are also formats, as which they are CSV."""
OF_TABLES = ("csv", "parquet")
"""Formats that hold one table of several."""


Format: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="csv, parquet, html, json, latex, markdown, tensorboard or safetensors; default: what FILE ends in, or csv.",
        autocompletion=complete.formats,
    ),
]
What: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--what",
        metavar="TABLE",
        help="Of csv and parquet: table, trials, curves, layers, confusion or ensembles.",
        autocompletion=complete.tables,
    ),
]


def export(
    run: Run,
    *,
    form: Format = None,
    what: What = None,
    file: OutputFile = None,
    variant: Variant = None,
    seed: Seed = None,
    columns: Columns = None,
    sort: Sort = None,
    filters: Filters = None,
    hide_unchanged: HideUnchanged = False,
    rows: PivotRows = None,
    cols: PivotColumns = None,
    metric: PivotMetric = None,
    questions: QuestionsFile = None,
    lang: Lang = None,
    out: Out = complete.RESULTS,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Export a run for other programs and for people: what `table` prints, and the numbers under it at full precision.

    `--what` names the table: table (a row each variant), trials (each trial), curves (each evaluation), layers (each
    layer and probe), confusion (each pair of classes), ensembles. safetensors writes the trained nets of a run that kept its
    weights (`dlbench run --save-weights`), with plain torch code that loads them.
    """
    wishes: dict[str, Any] = dict(
        columns=columns, sort=sort, filters=filters, hide_unchanged=hide_unchanged, rows=rows, cols=cols, metric=metric
    )
    if is_wanted(form, file):
        check_nets(variant, seed, what=what, holds_nets=True)
        refuse_ignored(wishes, FORMAT)
        export_nets(of_recipe(out, run), file, variant, seed)
        return
    check_nets(variant, seed, what=what, holds_nets=False)
    views = None
    if questions is None and not any(wishes.values()) and is_of_trials(form, what, file):
        views = kept_views(out, run)
        if (data := views.read(TRIALS)) is not None:
            put([data.decode()], file)
            return
    name, table = wanted(form, what, file)
    refuse_ignored(wishes, name, table)
    source = source_of(out, run, questions, table, readers_language(lang), wishes)
    write(source, name, file, None if views is None else views.keeping_trials(source.report))


def kept_views(out: Path, run: str) -> KeptViews:
    """What is kept beside a run of what it came to."""
    from dlbench.run.group import find_shown

    return KeptViews(find_shown(out, run))


def is_of_trials(form: str | None, what: str | None, file: Path | None) -> bool:
    """Whether the trials are asked for as CSV, told without loading what writes formats."""
    return what == "trials" and (form == "csv" or (form is None and (file is None or file.suffix == ".csv")))


def check_nets(variant: str | None, seed: int | None, *, what: str | None, holds_nets: bool) -> None:
    """Raise UsageError where options of nets and of tables are mixed."""
    from dlbench.errors import UsageError

    if holds_nets and what is not None:
        raise UsageError(f"{FORMAT} holds nets; --what is for {' and '.join(OF_TABLES)}")
    if not holds_nets and (variant is not None or seed is not None):
        raise UsageError(f"--variant and --seed choose nets, for --format {FORMAT}; other formats hold all trials")


def of_recipe(out: Path, run: str) -> RunFolder:
    """A run that dlbench trained; raises UsageError where it was recorded, which keeps no weights."""
    from dlbench.errors import UsageError
    from dlbench.run.group import find_shown

    folder = find_shown(out, run)
    if folder.read_plan().recorded:
        raise UsageError(f"{folder.name} was recorded, and recordings keep no weights; {FORMAT} holds nets")
    return folder


def source_of(
    out: Path, run: str, questions: Path | None, table: str | None, language: str, wishes: dict[str, Any]
) -> ExportSource:
    """The report of a run as it was asked for, to be written; what of its events is damaged is said."""
    from dlbench.export import ExportSource
    from dlbench.run.group import find_shown
    from dlbench.text.notes import damage_notes

    found = as_asked(summarized(find_shown(out, run), questions), **wishes)
    for note in damage_notes(found.state):
        say(f"note: {note}")
    return ExportSource(found, table, language)


def write(source: ExportSource, form: str, file: Path | None, keeping: Keeping | None = None) -> None:
    """Write a run in a format to a file, or a text to stdout, which is then handed to `keeping`.

    Raises UsageError where it can only be a file.
    """
    from dlbench.errors import UsageError
    from dlbench.export import RECORDS, WRITERS, csv_chunks, exported

    if form in WRITERS:
        if file is None:
            kind = "a file" if WRITERS[form].traits["suffix"] else "a folder"
            raise UsageError(f"{form} cannot be written to stdout; name {kind} with -o")
        with saving(file):
            WRITERS[form].make(source, file)
        return
    if form == "csv":
        chunks = csv_chunks(RECORDS[source.what or "table"].make(source.report))
    else:
        chunks = iter([exported(form, source.report, source.language)])
    if keeping is None:
        put(chunks, file)
        return
    told = list(chunks)
    put(told, file)
    keeping("".join(told))


def put(chunks: Iterable[str], file: Path | None) -> None:
    """Write a text to a file or to stdout."""
    if file is None:
        emit_chunks(chunks)
    else:
        save(file, (chunk.encode() for chunk in chunks))


def wanted(form: str | None, what: str | None, file: Path | None) -> tuple[str, str | None]:
    """The format asked for, or the one that the file's name ends in, and the table; raises UsageError where neither is clear."""
    from dlbench.errors import UsageError
    from dlbench.export import EXPORTERS, RECORDS, WRITERS

    form = form or _named_by(file)
    if form in TABLES and what in {None, form}:
        return "csv", form
    if form not in {*EXPORTERS.names, *WRITERS.names}:
        there = [name for name in (*EXPORTERS.names, *WRITERS.names, FORMAT) if name not in TABLES]
        raise UsageError(_unknown("format", str(form), there))
    if what is not None and what not in RECORDS:
        raise UsageError(_unknown("table", what, RECORDS.names))
    if what is not None and form not in OF_TABLES:
        holds = f"the table '{form}'" if form in TABLES else "the whole report"
        raise UsageError(f"{form} is {holds}; --what is for {' and '.join(OF_TABLES)}")
    return form, what


def _named_by(file: Path | None) -> str:
    """The format that a file's name ends in; of stdout, CSV."""
    from dlbench.errors import UsageError
    from dlbench.export import EXPORTERS, WRITERS

    suffix = ".csv" if file is None else file.suffix
    parts = [part for part in (*EXPORTERS, *WRITERS) if part.traits["suffix"]]
    form = next((part.name for part in parts if part.traits["suffix"] == suffix), None)
    if form is None:
        names = ", ".join(part.name for part in parts if part.name not in TABLES)
        raise UsageError(f"{file}: the format is not clear from the name; choose one of {names} with --format")
    return str(form)


def _unknown(what: str, name: str, names: list[str]) -> str:
    from dlbench.errors import hint

    there = f"there are {', '.join(names)}"
    return f"no {what} is called '{name}'{hint(name, names, there)}"
