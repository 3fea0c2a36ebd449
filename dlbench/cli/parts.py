"""`dlbench parts`: everything that a recipe may name, and each explained from its own docstring and signature."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from dlbench.cli import complete
from dlbench.cli.options import Json, OwnParts
from dlbench.cli.output import columns, emit, emit_json
from dlbench.errors import UsageError, hint
from dlbench.measures.older_names import newest


@dataclass(frozen=True)
class PartListing:
    """One part, or one metric, as it is printed."""

    catalog: str
    name: str
    summary: str
    doc: str
    arguments: list[Any]


def parts(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A catalogue or a part; default: all.", autocompletion=complete.parts),
    ] = None,
    *,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """List the parts that recipes can use: layers, optimizers, datasets, metrics...; with NAME, explain one."""
    entries, wanted = all_entries(), name and newest(name)
    found = [entry for entry in entries if wanted in {None, entry.catalog, entry.name}]
    if not found:
        raise UsageError(unknown(str(name), entries))
    if json:
        emit_json([asdict(entry) for entry in found])
    elif all(entry.name == wanted for entry in found):
        emit("\n\n".join(map(explanation, found)))
    else:
        emit(listing(found))


def all_entries() -> list[PartListing]:
    """Every part of every catalogue, then the metrics."""
    from dlbench.cli.describe import arguments
    from dlbench.metrics.catalog import METRICS
    from dlbench.metrics.names import ENSEMBLE
    from dlbench.metrics.of_classes import RECALL, SUMMARY
    from dlbench.parts import CATALOGS

    found = [
        PartListing(catalog.name, part.name, part.summary, part.doc, arguments(catalog.name, part.name))
        for catalog in CATALOGS.values()
        for part in catalog
    ]
    summaries = {name: metric.summary for name, metric in METRICS.items()} | {f"{RECALL}@NAME": SUMMARY} | ENSEMBLE
    return found + [PartListing("metrics", name, text, text, []) for name, text in summaries.items()]


def unknown(name: str, entries: list[PartListing]) -> str:
    """The error for a name that no catalogue has."""
    names = sorted({entry.name for entry in entries} | {entry.catalog for entry in entries})
    return f"no part is called '{name}'{hint(name, names, '`dlbench parts` lists all')}"


def listing(entries: list[PartListing]) -> str:
    """All entries under their catalogue's name, one a line."""
    blocks = []
    for catalog in dict.fromkeys(entry.catalog for entry in entries):
        rows = [(f"  {entry.name}", entry.summary) for entry in entries if entry.catalog == catalog]
        blocks.append(f"{catalog}\n{columns(rows)}")
    return "\n\n".join(blocks)


def explanation(entry: PartListing) -> str:
    """One entry: its docstring and its arguments."""
    text = f"{entry.name} ({entry.catalog})\n\n{entry.doc}"
    if not entry.arguments:
        return text
    rows = [
        (
            f"  {argument.name}",
            argument.type,
            "required" if argument.default is None else f"default {argument.default}",
            argument.range,
        )
        for argument in entry.arguments
    ]
    return f"{text}\n\n{columns(rows)}"
