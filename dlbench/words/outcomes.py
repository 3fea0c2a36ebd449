"""What can be said of a claim, with its sign and its words: analysis decides it, all texts show it."""

from __future__ import annotations

from enum import StrEnum

from dlbench.words.language import word


class Outcome(StrEnum):
    """What can be said of a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


SIGNS = {Outcome.CONFIRMED: "✔", Outcome.REFUTED: "✖", Outcome.UNDECIDED: "?"}


def outcome_in(outcome: Outcome, language: str) -> str:
    """Sign and word of an outcome."""
    return f"{SIGNS[outcome]} {word(outcome, language)}"
