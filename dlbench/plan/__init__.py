"""Recipe -> trials -> stacks -> workers: what is trained, what is trained together, and by which worker. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from dlbench.metrics.names import CLASSIFICATION
from dlbench.plan.questions import Questions
from dlbench.plugins import PartsFile
from dlbench.words.printable import one_line

PLAN_VERSION = 1


@dataclass(frozen=True)
class Candidate:
    """One thing compared with all its settings: a variant, or one choice of the search inside it.

    `choice` maps the searched paths to their values (`{"train.optimizer.lr": 0.01}`; empty without a search);
    `settings` is the whole resolved recipe as plain data: sections data, model, train, evaluate, probes.
    """

    variant: str
    choice: dict[str, Any]
    settings: dict[str, Any]
    task: str = CLASSIFICATION
    """What it learns, by the name of the task."""


@dataclass(frozen=True)
class Trial:
    """One candidate with one seed; `id` is a hash of its resolved settings and the seed."""

    id: str
    variant: str
    choice: dict[str, Any]
    seed: int
    candidate: int
    """Index into `Plan.candidates`."""

    @property
    def is_seeded(self) -> bool:
        """Whether it has a seed; those that were recorded without one have negative numbers in its place, each its own."""
        return self.seed >= 0

    @property
    def told_seed(self) -> int | None:
        """Its seed as data: `None` where it has none."""
        return self.seed if self.is_seeded else None

    @property
    def seed_mark(self) -> str:
        """Its seed in a column of seeds: `3`; `#2` of the second recording without one."""
        return str(self.seed) if self.is_seeded else f"#{-self.seed}"

    @property
    def seed_text(self) -> str:
        """Its seed in words: `seed 3`, `recording #2`."""
        return f"{'seed' if self.is_seeded else 'recording'} {self.seed_mark}"


Way: TypeAlias = Literal["torch", "native"]


@dataclass(frozen=True)
class Stack:
    """Trials that train together as one tensor program; `trials` are indices into `Plan.trials`."""

    trials: list[int]
    steps: int
    """How many it will take; 0 where nobody knows (`has_known_steps`)."""
    parameters: int
    """Numbers that one trial trains."""
    cost: float
    """Estimated floating point operations of all its trials over all steps; a scale for sharing out work, no more."""
    before: float = 0.0
    """The part of `cost` that comes before step 0: pre-training."""
    way: Way = "torch"
    """How its steps are taken where that is possible: `native` by a loop in C for small nets, on a CPU with a C compiler."""

    @property
    def has_known_steps(self) -> bool:
        """Whether it is known how long it trains: of a recorded loop it is not until it ends."""
        return self.steps > 0


@dataclass(frozen=True)
class WorkerPlan:
    """One process: its device, its threads, and the stacks it trains in this order."""

    device: str
    threads: int
    stacks: list[int]
    fallback: bool = False
    """Whether the CPU may stand in when the device, which was chosen automatically, cannot be used."""


FIRST_LOOK = 5
"""Seeds before anything is decided of a run that gets seeds until it is."""


@dataclass(frozen=True)
class UntilDecided:
    """A run that gets seeds until its claims are decided: first some of `given`, then those after them, `most` at most."""

    given: list[int]
    """The recipe's seeds, in order."""
    most: int


@dataclass(frozen=True)
class Plan:
    """Everything that a run will do; `plan.json` in the run's folder is this, as JSON."""

    recipe: str
    candidates: list[Candidate]
    trials: list[Trial]
    stacks: list[Stack]
    workers: list[WorkerPlan]
    breakpoints: list[str] = field(default_factory=list)
    """The recipe's conditions to pause at, as `dlbench.plan.breakpoints` reads them."""
    questions: Questions | None = None
    """What is asked of the run, resolved; runs of version 0.1.0 have none here."""
    parts: list[PartsFile] = field(default_factory=list)
    """Files of parts that the run was begun with: whoever goes on with it must name the same."""
    recorded: bool = False
    """Whether someone else's loop was recorded: nothing here trains it, and no recipe says what it is."""
    until_decided: UntilDecided | None = None
    """How seeds are added; `None` where the run has all of them from the start."""
    v: int = field(default=PLAN_VERSION)


class Named(Protocol):
    """What has a variant and a choice."""

    @property
    def variant(self) -> str:
        """The name of its variant."""

    @property
    def choice(self) -> Mapping[str, Any]:
        """The searched paths and their values."""


def choice_text(choice: Mapping[str, Any]) -> str:
    """A choice of a search in short: `lr = 0.01`; whole paths where their last words are the same."""
    short = [path.rpartition(".")[2] for path in choice]
    names = short if len(set(short)) == len(short) else list(choice)
    return ", ".join(f"{name} = {_plain(value)}" for name, value in zip(names, choice.values(), strict=True))


def candidate_text(candidate: Named) -> str:
    """A candidate as people read it: its variant and its choice of the search."""
    return one_line(", ".join(filter(None, (candidate.variant, choice_text(candidate.choice)))))


def _plain(value: Any) -> str:
    return str(value.get("kind", value)) if isinstance(value, dict) else str(value)
