"""A recipe's sections that ask something, as the plan keeps them: plain, without the vocabulary that checks them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar, cast

from dlbench.plan.questions import Claim, Compare, Ensemble, Lesson, Solved
from dlbench.recipe.sections import ClaimSection, CompareSection, EnsembleSection, LessonSection, SolvedSection

Question = TypeVar("Question")

_PLAIN: dict[type[Any], type[Any]] = {
    LessonSection: Lesson,
    CompareSection: Compare,
    SolvedSection: Solved,
    EnsembleSection: Ensemble,
    ClaimSection: Claim,
}


def plain(section: Question) -> Question:
    """The question that a checked section asks, which is what it narrows; what is none of these stays what it is."""
    kind = _PLAIN.get(type(section))
    if kind is None:
        return section
    return cast("Question", kind(**{field.name: plain(getattr(section, field.name)) for field in fields(kind)}))
