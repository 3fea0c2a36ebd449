"""The scenarios: recipes with a fault or without, and what a good engineer would say of each; `scenarios/` has them as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from dlbench.metrics.catalog import METRICS
from dlbench.plan.finding_kinds import KINDS
from dlbench.recipe.patch import Tree, merge

FOLDER = Path(__file__).with_name("scenarios")


def _kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"'{name}' is no kind of finding")
    return name


def _metric(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"'{name}' is no metric")
    return name


Kind = Annotated[str, AfterValidator(_kind)]


class ScenarioPart(BaseModel):
    """A table of a scenario file, in which no unknown key may stand."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(ScenarioPart):
    """What the healthy ones of a family reach with every seed, and no sick one with any: the label's proof in numbers."""

    metric: Annotated[str, AfterValidator(_metric)]
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Target:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a target has one of 'at_least' and 'at_most'")
        return self

    def __str__(self) -> str:
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"

    def is_reached(self, value: float | None) -> bool:
        """Whether a trial's number is on the right side; none is not, as that of a diverged trial."""
        if value is None:
            return False
        return value >= self.at_least if self.at_least is not None else value <= (self.at_most or 0.0)


class ScenarioSection(ScenarioPart):
    """One scenario as its file has it: `set` is its change of what its family has in common."""

    name: str
    why: str
    accepts: tuple[Kind, ...] = ()
    also: tuple[Kind, ...] = ()
    set: dict[str, Any] = {}


class FamilySection(ScenarioPart):
    """One way in which a fault comes about in one kind of net on one kind of data; `set` is its change of the file's `base`."""

    name: str
    held_out: bool = False
    target: Target
    set: dict[str, Any] = {}
    healthy: tuple[ScenarioSection, ...]
    sick: tuple[ScenarioSection, ...] = ()


class ScenarioFile(ScenarioPart):
    """One file: what its recipes have in common, and its families."""

    base: dict[str, Any]
    family: tuple[FamilySection, ...]


@dataclass(frozen=True)
class Scenario:
    """A recipe with its label.

    A finding of a kind in `accepts` names what is wrong; one in `also` is true beside it, and neither right nor wrong. Healthy
    ones accept nothing.
    """

    name: str
    group: str
    """The file that it stands in; scenarios of one group are trained as variants of one recipe."""
    family: str
    held_out: bool
    """Whether its family is kept from those who choose the rules' thresholds."""
    is_sick: bool
    accepts: tuple[str, ...]
    also: tuple[str, ...]
    why: str
    target: Target
    settings: dict[str, Any]
    """The patch that makes it of the group's recipe."""

    @property
    def kind(self) -> str:
        """The kind that it is first of all a case of; empty of a healthy one."""
        return self.accepts[0] if self.accepts else ""


@cache
def scenarios() -> tuple[Scenario, ...]:
    """All of them, by file and in its order; raises ValueError where a file is wrong."""
    return tuple(one for path in sorted(FOLDER.glob("*.toml")) for one in _of_file(path))


@cache
def _read(path: Path) -> ScenarioFile:
    return ScenarioFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def _of_file(path: Path) -> Iterator[Scenario]:
    for family in _read(path).family:
        for place, own in enumerate((*family.healthy, *family.sick)):
            settings, mistakes = merge(Tree(family.set), Tree(own.set))
            if mistakes:
                raise ValueError(f"{path.name}: {own.name}: {mistakes[0].what}")
            yield Scenario(
                own.name,
                path.stem,
                family.name,
                family.held_out,
                place >= len(family.healthy),
                own.accepts,
                own.also,
                own.why,
                family.target,
                settings.data,
            )


def chosen(family: str | None = None, *, held_out: bool | None = None) -> list[Scenario]:
    """The scenarios of one family, or of all, of the held-out ones, of the others, or of both; empty where there are none."""
    return [
        one for one in scenarios() if family in {None, one.family} and (held_out is None or held_out == one.held_out)
    ]


def recipe_of(group: str, members: Iterable[Scenario], seeds: Sequence[int]) -> dict[str, Any]:
    """The recipe, as the data of a TOML file, whose variants are these scenarios of one group."""
    base = _read(FOLDER / f"{group}.toml").base
    return {
        "name": group,
        **base,
        "trials": {"seeds": list(seeds)},
        "variants": {one.name: one.settings for one in members},
    }
