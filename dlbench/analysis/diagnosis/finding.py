"""What a rule finds in a trial: the same object for dashboard, table, plain display and exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["alarm", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("alarm", "warning", "note")
"""The worst first."""


@dataclass(frozen=True)
class Remedy:
    """One change that may mend it."""

    name: str
    set: Mapping[str, Any]
    """A patch of the recipe by dotted keys, as `--set` takes them; empty where no setting does it, or no recipe is known."""
    says: str
    """Why it may help, in a sentence."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a trial, from a step on."""

    kind: str
    severity: Severity
    says: str
    """What it is in words, without its time."""
    told: tuple[str, ...]
    """The same with its time, ever shorter, for where there is less room."""
    since: int
    until: int | None = None
    """The last step at which it held; `None` where it holds still."""
    layers: tuple[int, ...] = ()
    """Those that it is about, as rows of the probes."""
    evidence: Mapping[str, float] = field(default_factory=dict)
    """The numbers that it was told by."""
    because: str = ""
    """Why it is so, and what it does to the training."""
    refuted_by: str = ""
    """What one would see if it were not so."""
    symptom: str = ""
    """What is seen of it, told where something else is the cause; empty where its name says no cause."""
    mend: Callable[[], tuple[Remedy, ...]] | None = field(default=None, compare=False, repr=False)
    """How its remedies are made: few of a run's findings are ever asked for theirs."""
    tell: Callable[[], str] | None = field(default=None, compare=False, repr=False)
    """How its sentence is made, likewise; how a trial ended has none."""

    @cached_property
    def remedies(self) -> tuple[Remedy, ...]:
        """What may mend it, the likeliest first."""
        return () if self.mend is None else self.mend()

    @cached_property
    def sentence(self) -> str:
        """It with its numbers and its time as part of a sentence, for who reads what became of a run; empty of how it ended."""
        return "" if self.tell is None else self.tell()

    @property
    def text(self) -> str:
        """In words, with its time."""
        return self.told[0]

    @property
    def shorter(self) -> tuple[str, ...]:
        """The same where there is less room, the shortest last."""
        return self.told[1:]
