"""Breakpoints: conditions at which training pauses by itself, one line of text each, for recipes, engine and viewers."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from dlbench.errors import UsageError, hint, meant
from dlbench.measures.catalog import MEASURES
from dlbench.measures.older_names import OLDER_NAMES, newest
from dlbench.metrics.names import BATCH_LOSS, CURVES, GRADIENT_RATIO, SPLITS, TIME_GRADIENT_RATIO

AT_EVALUATIONS = (*CURVES, BATCH_LOSS)
"""What is known of a trial after each evaluation."""

RATIOS = (GRADIENT_RATIO, TIME_GRADIENT_RATIO)
"""What is known of a trial after each probe."""

COMPARISONS = ("<", "<=", ">", ">=")
TRENDS = ("rises", "falls")
EXAMPLES = "'first_last_gradient_ratio < 1e-6', 'test_loss rises 3' or 'update_ratio > 0.1 in relu'"

_FORM = re.compile(r"\s*(\w+)\s*(<=|>=|<|>|\b(?:rises|falls)\b)\s*(\S+)(?:\s+in\s+(\S.*?))?\s*", re.DOTALL)
_LONGEST = 60


def at_probes() -> tuple[str, ...]:
    """What is known after each probe: the ratios of a trial, everything else of each of its layers."""
    return (*RATIOS, *MEASURES)


def watchable() -> tuple[str, ...]:
    """Every name that a condition may begin with."""
    return (*AT_EVALUATIONS, *at_probes())


def pattern() -> str:
    """The form of a condition, for editors; `parse` is stricter."""
    names = watchable()
    read = "|".join([*names, *(older for older, name in OLDER_NAMES.items() if name in names)])
    return rf"^\s*({read})\s*(<=?|>=?|rises\s|falls\s)\s*\S+(\s+in\s+\S.*)?$"


@dataclass(frozen=True)
class Breakpoint:
    """A condition on a trial: `measure` against `value`, or, where it rises or falls, over `value` evaluations running.

    A condition on a layer's measure holds where any layer meets it. `variant` is the only one that is watched, if given.
    """

    measure: str
    comparison: str
    value: float
    variant: str | None = None

    @property
    def is_trend(self) -> bool:
        """Whether it asks how evaluations follow on each other."""
        return self.comparison in TRENDS

    @property
    def is_probed(self) -> bool:
        """Whether probes decide it; evaluations do otherwise."""
        return self.measure in at_probes()

    def __str__(self) -> str:
        value = f"{self.value:.0f}" if self.is_trend else repr(self.value).removesuffix(".0")
        only = "" if self.variant is None else f" in {self.variant}"
        return f"{self.measure} {self.comparison} {value}{only}"


def parse(text: str, variants: Collection[str] | None = None) -> Breakpoint:
    """The condition that a text such as `update_ratio > 0.1 in relu` states; `str` of it is the same condition as text.

    Raises UsageError with what is wrong, where, and what to write; of a variant only where `variants` says which there are.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise UsageError(f"{_quoted(text)} is not a condition; write one such as {EXAMPLES}")
    written, comparison, number, variant = match.groups()
    measure = newest(written)
    if measure not in watchable():
        close = newest(meant(written, [*watchable(), *OLDER_NAMES]) or written)
        others = hint(close, watchable(), f"there are {_listed()}")
        raise UsageError(f"there is no metric or measure called {_quoted(written)}{others}")
    take = _evaluations if comparison in TRENDS else _limit
    found = Breakpoint(measure, comparison, take(measure, comparison, number))
    return found if variant is None else in_variant(found, variant, variants)


def spelling(text: str) -> str:
    """The one spelling of a condition, by the names that measures have now; a text that states none stays what it is."""
    try:
        return str(parse(text))
    except UsageError:
        return text


def in_variant(found: Breakpoint, variant: str, variants: Collection[str] | None = None) -> Breakpoint:
    """The same condition, watched in one variant only; raises UsageError where it is none of `variants`."""
    if variants is not None and variant not in variants:
        raise UsageError(f"no variant is called {_quoted(variant)}{_hint(variant, variants)}")
    return replace(found, variant=variant)


def _evaluations(measure: str, comparison: str, number: str) -> float:
    if measure in at_probes():
        raise UsageError(
            f"'{comparison}' follows evaluations, but {measure} is probed; write '{measure} < 0.1' or '{measure} > 0.1', "
            f"or watch one of {', '.join(AT_EVALUATIONS)}"
        )
    if not (number.isascii() and number.isdigit() and int(number[:10]) > 0 and len(number) < 10):
        raise UsageError(
            f"'{comparison}' takes a whole number of evaluations, at least 1, as in '{measure} {comparison} 3', "
            f"not {_quoted(number)}"
        )
    return float(number)


def _limit(measure: str, comparison: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(
            f"'{comparison}' takes a finite number, as in '{measure} {comparison} 0.1', not {_quoted(number)}"
        )
    return value


def _listed() -> str:
    """Every name that a condition may begin with, those of evaluations written out for the first split."""
    first, *others = SPLITS
    evaluated = ", ".join(name for name in CURVES if name.startswith(f"{first}_"))
    likewise = " and ".join(f"{split}_" for split in others)
    return ", ".join([f"{evaluated} (likewise {likewise})", BATCH_LOSS, *at_probes()])


def _hint(name: str, names: Collection[str]) -> str:
    return hint(name, names, f"there are {', '.join(names)}")


def _quoted(text: str) -> str:
    """A text as it may be shown: control characters escaped, not longer than a line."""
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
