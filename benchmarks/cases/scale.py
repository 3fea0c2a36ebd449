"""How much of everything a case measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Scale:
    """Full size for numbers that count, `quick` for a look whether everything works."""

    quick: bool = False

    def of(self, full: T, quick: T) -> T:
        """The one of the two that is asked for."""
        return quick if self.quick else full
