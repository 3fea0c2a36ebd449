"""Every section of a recipe with what is said of it and of its keys: what `dlbench parts` and the reference page show."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeGuard, get_args, get_type_hints

from dlbench.parts.arguments import Of, Settings
from dlbench.parts.datasets.common import COMMON
from dlbench.recipe.changes import PATCHES
from dlbench.recipe.parts import documented, shared_meanings
from dlbench.recipe.sections import Frame
from dlbench.recipe.training import Training

ORDER = ("lesson", "data", "model", "train", "evaluate", "probes", "trials", *PATCHES, "compare", "ensemble")
"""The sections in the order in which a recipe is read; those that are not here follow."""

_DATA = """What is learned from: a dataset by its `kind`, with its own arguments and those that every dataset takes.

`dlbench parts datasets` lists the datasets, `dlbench parts csv` explains one."""
_KIND = inspect.Parameter("kind", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Settings, Of("datasets")])


@dataclass(frozen=True)
class SectionFacts:
    """A section: its path (`train.early_stopping`), how its header is written, and its keys with what they mean."""

    path: str
    written: str
    prose: str
    keys: list[inspect.Parameter] = field(default_factory=list)
    meanings: Mapping[str, str] = field(default_factory=dict)


def sections() -> list[SectionFacts]:
    """All of them, tables inside of a table behind it."""
    found = [*_inside("", Training), *_inside("", Frame)]
    found += [SectionFacts(name, f"[{name}]", inspect.cleandoc(text)) for name, text in PATCHES.items()]
    return sorted(found, key=lambda one: _rank(one.path.partition(".")[0]))


def _rank(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _inside(above: str, table: type[Any]) -> Iterator[SectionFacts]:
    """The tables among the keys of a table, each followed by those inside of it."""
    hints = get_type_hints(table, include_extras=True)
    for entry in dataclasses.fields(table):
        path = f"{above}{entry.name}"
        if path == "data":
            kind = {"kind": 'which dataset: `kind = "digits"`.'}
            yield SectionFacts(
                path, "[data]", _DATA, [_KIND, *COMMON.values()], {**kind, **shared_meanings("datasets")}
            )
        for section in filter(_is_table, [hints[entry.name], *get_args(hints[entry.name])]):
            prose, meanings = documented(section)
            yield SectionFacts(path, section.WRITTEN, prose, _keys(section), meanings)
            yield from _inside(f"{path}.", section)


def _is_table(annotation: Any) -> TypeGuard[type[Any]]:
    """Whether it is a section's own class; marks on types are dataclasses too, but no tables."""
    return hasattr(annotation, "WRITTEN")


def _keys(section: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(section, include_extras=True)
    return [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=_default(one), annotation=hints[one.name])
        for one in dataclasses.fields(section)
    ]


def _default(entry: dataclasses.Field[Any]) -> Any:
    if entry.default_factory is not dataclasses.MISSING:
        return entry.default_factory()
    return inspect.Parameter.empty if entry.default is dataclasses.MISSING else entry.default
