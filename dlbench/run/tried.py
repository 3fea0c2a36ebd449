"""What a run that tries remedies keeps of its question: which remedy each of its variants is, and against what it is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dlbench.errors import DlbenchError
from dlbench.files import is_file
from dlbench.plan.reading import typed
from dlbench.run.atomic import write_json_atomic
from dlbench.run.folder import RunFolder, read_json

FILE = "remedies.json"


@dataclass(frozen=True)
class TriedRemedy:
    """A variant of the run: its baseline with the change of one remedy."""

    variant: str
    baseline: str
    remedy: str
    says: str
    """Why it may help."""
    kinds: list[str]
    """Of the findings that it is for, the worst first; none where it was asked for by its name."""
    set: dict[str, Any]
    """By dotted keys, as `--set` takes them, of the resolved recipe."""


@dataclass(frozen=True)
class UntriedRemedy:
    """A remedy of a baseline that was not trained, and why not."""

    baseline: str
    remedy: str
    says: str
    why: str


@dataclass(frozen=True)
class SickVariant:
    """A variant that is trained again as it is: what it is called here and what it was there, and the kinds of its findings."""

    variant: str
    of: str
    kinds: list[str]


@dataclass(frozen=True)
class TriedRemedies:
    """The question of a run that tries remedies."""

    run: str
    """The run whose findings are to be mended, by its name."""
    metric: str
    """By which remedies are held against their baselines."""
    sick: list[SickVariant]
    tried: list[TriedRemedy]
    untried: list[UntriedRemedy] = field(default_factory=list)
    toml: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of each variant that is tried, its patch as a table of `[variants]`."""
    is_grid: bool = False
    """Whether the recipe has a grid in the place of variants, beside which none can be pasted."""


def keep_tried(folder: RunFolder, tried: TriedRemedies) -> None:
    """Write it into a run's folder; raises OSError where it cannot be."""
    write_json_atomic(folder.path / FILE, asdict(tried))


def tried_in(folder: RunFolder) -> TriedRemedies | None:
    """What a run tries, `None` of others; raises DlbenchError where the file is damaged."""
    file = folder.path / FILE
    if not is_file(file):
        return None
    data: Mapping[str, Any] = read_json(file)
    try:
        return typed(TriedRemedies, data)
    except ValueError as error:
        raise DlbenchError(f"{file}: damaged: {error}") from error
