"""What a candidate is called where people read it: its variant, and its choice of the search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dlbench.words.printable import one_line


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
