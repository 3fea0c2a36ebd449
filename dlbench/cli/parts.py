"""`dlbench parts`: everything that a recipe may name or say, explained from docstrings and signatures."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from dlbench.cli import complete
from dlbench.cli.options import Json, OwnParts
from dlbench.cli.output import columns, emit, emit_json
from dlbench.errors import UsageError, hint
from dlbench.measures.older_names import newest

if TYPE_CHECKING:
    from dlbench.cli.describe import Argument

SECTIONS = "sections"
"""What the sections of a recipe stand under, among the catalogues of parts."""

WIDEST = 100
"""Columns beyond which a text is hard to read."""


@dataclass(frozen=True)
class PartListing:
    """One section, part or metric as it is printed; `written` is how it stands in a recipe, `doc` without its arguments."""

    catalog: str
    name: str
    written: str
    summary: str
    doc: str
    arguments: list[Argument]

    def is_called(self, name: str) -> bool:
        """Whether that is its name; a table inside of another has its last key as one too."""
        return name in {self.name, self.name.rpartition(".")[2]}


def parts(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="A section, a catalogue or a part; default: all.", autocompletion=complete.parts
        ),
    ] = None,
    *,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """List what recipes can say: sections, layers, optimizers, datasets, metrics...; with NAME, explain one and its keys."""
    entries, wanted = all_entries(), name and newest(name.strip("[]"))
    found = [entry for entry in entries if wanted is None or wanted == entry.catalog or entry.is_called(wanted)]
    if not found:
        raise UsageError(unknown(str(name), entries))
    if json:
        emit_json([asdict(entry) for entry in found])
    elif wanted and all(entry.is_called(wanted) for entry in found):
        emit("\n\n".join(map(explanation, found)))
    else:
        emit(listing(found))


def all_entries() -> list[PartListing]:
    """Every section, then every part of every catalogue, then the metrics."""
    from dlbench.cli.describe import arguments
    from dlbench.metrics.catalog import METRICS
    from dlbench.metrics.names import ENSEMBLE
    from dlbench.metrics.of_classes import RECALL, SUMMARY
    from dlbench.parts import CATALOGS

    found = [
        PartListing(catalog.name, part.name, part.name, part.summary, part.prose, arguments(catalog.name, part.name))
        for catalog in CATALOGS.values()
        for part in catalog
    ]
    summaries = {name: metric.summary for name, metric in METRICS.items()} | {f"{RECALL}@NAME": SUMMARY} | ENSEMBLE
    metrics = [PartListing("metrics", name, name, text, text, []) for name, text in summaries.items()]
    return [*_sections(), *found, *metrics]


def _sections() -> Iterator[PartListing]:
    from dlbench.cli.describe import argument
    from dlbench.recipe.reference import sections

    for one in sections():
        keys = [argument(key, one.meanings.get(key.name, "")) for key in one.keys]
        yield PartListing(SECTIONS, one.path, one.written, one.prose.partition("\n")[0], one.prose, keys)


def unknown(name: str, entries: list[PartListing]) -> str:
    """The error for a name that nothing has: where it is a key, whose; where a text tells of it, which; else the likely meant."""
    from dlbench.recipe.messages import few

    what = f"no section or part is called '{name}'"
    having = [entry.name for entry in entries if any(argument.name == name for argument in entry.arguments)]
    if having:
        return f"{what}; it is a key of {few(having)}: `dlbench parts {having[0]}` explains it"
    telling = next((entry.name for entry in entries if f"`{name}`" in entry.doc), None)
    if telling is not None:
        return f"{what}; `dlbench parts {telling}` tells of it"
    names = sorted({entry.name for entry in entries} | {entry.catalog for entry in entries})
    return f"{what}{hint(name, names, '`dlbench parts` lists all')}"


def listing(entries: list[PartListing]) -> str:
    """All entries under their catalogue's name, one a line."""
    blocks = []
    for catalog in dict.fromkeys(entry.catalog for entry in entries):
        rows = [(f"  {entry.name}", entry.summary) for entry in entries if entry.catalog == catalog]
        blocks.append(f"{catalog}\n{columns(rows)}")
    return "\n\n".join(blocks)


def explanation(entry: PartListing) -> str:
    """One entry: its docstring, then its arguments, with what each means below it."""
    text = f"{entry.written} ({entry.catalog})\n\n{entry.doc}"
    if not entry.arguments:
        return text
    heads = columns([head(argument) for argument in entry.arguments]).splitlines()
    told = zip(heads, map(meaning, entry.arguments), strict=True)
    return "\n".join([text, "", *(line for first, rest in told for line in (first, *rest))])


def meaning(argument: Argument) -> list[str]:
    """What an argument means, in lines, and its example."""
    width, indent = min(shutil.get_terminal_size().columns, WIDEST), " " * 6
    told = textwrap.wrap(argument.meaning, width, initial_indent=indent, subsequent_indent=indent)
    return [*told, *([f"{indent}{argument.example}"] if argument.example else [])]


def head(argument: Argument) -> tuple[str, str, str, str]:
    """The row of an argument: name, type, default, bounds."""
    default = "required" if argument.default is None else f"default {argument.default}"
    return f"  {argument.name}", argument.type, default, argument.range
