"""Verdicts in the words of a language, the same in the terminal, in the dashboard and in Markdown."""

from __future__ import annotations

from typing import NamedTuple

from dlbench.recipe.language import language, word
from dlbench.report.claims.verdict import SIGNS, Outcome, Verdict


class Told(NamedTuple):
    """A verdict for people; its numbers are the same in all languages."""

    outcome: str
    """Sign and word: `✔ confirmed`, `✔ confirmed on these samples`."""
    says: str
    source: str
    numbers: str


def told_in(verdict: Verdict, tongue: str) -> Told:
    """A verdict in a language, what there is not in it in English."""
    outcome = f"{SIGNS[verdict.outcome]} {word(verdict.word, tongue)}"
    return Told(outcome, verdict.said(tongue), word(verdict.source, tongue), verdict.text)


def outcome_in(outcome: Outcome, tongue: str) -> str:
    """Sign and word of an outcome."""
    return f"{SIGNS[outcome]} {word(outcome, tongue)}"


def heading_in(tongue: str) -> str:
    """What stands above claims."""
    return word("Claims", tongue)


def readers_language() -> str:
    """The language that whoever reads a report asked for, or that of the locale."""
    return language()
