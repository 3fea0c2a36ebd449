"""Verdicts in the words of a language, the same in the terminal, in the dashboard and in Markdown."""

from __future__ import annotations

from typing import NamedTuple

from dlbench.analysis.claims.verdict import SIGNS, Outcome, Verdict
from dlbench.words.language import word


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


def outcome_in(outcome: Outcome, language: str) -> str:
    """Sign and word of an outcome."""
    return f"{SIGNS[outcome]} {word(outcome, language)}"


def heading_in(language: str) -> str:
    """What stands above claims."""
    return word("Claims", language)
