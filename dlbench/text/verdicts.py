"""Verdicts in the words of a language, the same in the terminal, in the dashboard and in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dlbench.text.text_table import TextCell
from dlbench.words.language import word
from dlbench.words.outcomes import SIGNS

if TYPE_CHECKING:
    from dlbench.analysis.claims.verdict import Verdict


class Told(NamedTuple):
    """A verdict for people; its numbers are the same in all languages."""

    outcome: str
    """Sign and word: `✔ confirmed`, `✔ confirmed on these samples`."""
    says: str
    source: str
    numbers: str


def told_in(verdict: Verdict, language: str) -> Told:
    """A verdict in a language, what there is not in it in English."""
    outcome = f"{SIGNS[verdict.outcome]} {word(verdict.word, language)}"
    return Told(outcome, verdict.said(language), word(verdict.source, language), verdict.text)


def claim_cells(verdict: Verdict, language: str) -> tuple[TextCell, ...]:
    """A verdict as the cells of its row; the first stands out as its outcome does."""
    outcome, *rest = told_in(verdict, language)
    return TextCell(outcome, tone=verdict.outcome.value), *map(TextCell, rest)


def heading_in(language: str) -> str:
    """What stands above claims."""
    return word("Claims", language)
