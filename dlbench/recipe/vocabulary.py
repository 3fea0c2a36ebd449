"""The types of a recipe's keys, in the vocabulary of `dlbench.parts.arguments`: what a value may be, and how that is said."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Le, Len
from pydantic import AfterValidator, WithJsonSchema

from dlbench.parts.arguments import MetricName, Of, Settings, Takes
from dlbench.plan.finding_kinds import KINDS, newest_kind
from dlbench.plan.questions import Language, Method
from dlbench.recipe.messages import nearest
from dlbench.recipe.validation import worded

Text: TypeAlias = Annotated[
    str | Annotated[dict[Language, str], Len(1)], Takes("a text, or texts as { en = ..., ko = ... }")
]
"""A string (English), or a table with a string a language."""


@dataclass(frozen=True)
class ConditionText:
    """Marks a string that states a condition of `dlbench.plan.breakpoints`."""


def known(what: str, names: Collection[str], newest: Callable[[str], str], written: str) -> str:
    """A name by what it is called now, if it is one of these."""
    if (name := newest(written)) not in names:
        raise worded(f"no {what} is called '{written}'" + nearest(written, names, "there are"))
    return name


def one_of(what: str, names: Collection[str], newest: Callable[[str], str]) -> tuple[AfterValidator, WithJsonSchema]:
    """Marks a string that is one of these names, also by an older one."""
    check: Callable[[str], str] = partial(known, what, names, newest)
    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(names)})


Metric: TypeAlias = Annotated[str, MetricName()]
Column: TypeAlias = Annotated[str, MetricName(at_step=True)]
Curve: TypeAlias = Annotated[str, MetricName(curves=True)]
Held: TypeAlias = Annotated[str, MetricName(curves=True, split="validation")]
Claimed: TypeAlias = Annotated[str, MetricName(ensembles=True, is_needed=False)]
FindingKind: TypeAlias = Annotated[str, *one_of("kind of finding", KINDS, newest_kind)]
Dataset: TypeAlias = Annotated[Settings, Of("datasets")]
Loss: TypeAlias = Annotated[Settings, Of("losses")]
Optimizer: TypeAlias = Annotated[Settings, Of("optimizers")]
Schedule: TypeAlias = Annotated[Settings, Of("schedules")]
Regularizers: TypeAlias = Annotated[list[Settings], Of("regularizers")]
Pretrain: TypeAlias = Annotated[Settings, Of("pretraining")]
Count: TypeAlias = Annotated[int, Ge(1)]
BatchSize: TypeAlias = Annotated[Count | Literal["full"], Takes('a whole number of at least 1, or "full"')]
ClassWeights: TypeAlias = Annotated[
    Annotated[list[Annotated[float, Ge(1e-6), Le(1e6)]], Len(2)] | Literal["balanced"],
    Takes('"balanced", or a list of numbers from 1e-6 to 1e6, one per class'),
]
Every: TypeAlias = Annotated[
    Count | Literal["auto", "epoch"], Takes('a whole number of steps of at least 1, "auto" or "epoch"')
]
Sizes: TypeAlias = Annotated[
    Annotated[list[Count], Len(1)] | Literal["all"], Takes('a list of numbers of members from 1 up, or "all"')
]
Methods: TypeAlias = Annotated[
    Method | Annotated[list[Method], Len(1)], Takes('"probability", "logit" or "vote", or a list of them')
]
Precision: TypeAlias = Literal["float32", "tf32", "bfloat16"]
Predictions: TypeAlias = Annotated[bool | Literal["auto"], Takes('true, false or "auto"')]
