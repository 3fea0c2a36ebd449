"""What is known of the data before a recipe is written for it."""

from __future__ import annotations

from dataclasses import dataclass

from dlbench.parts.datasets.base import Source


@dataclass(frozen=True)
class DataLines:
    """The keys under [data], and what else the reader must know: what was chosen, and what else could have been."""

    settings: dict[str, object]
    said: dict[str, str]
    """Key -> its comment."""
    chosen: str = ""
    """A sentence about a choice that nobody made, for the command line; empty where there was none."""
    learns: str = "the class"


@dataclass(frozen=True)
class RecipeDraft:
    """A recipe's text; `chosen` says what it takes for what is learned, where that was not told."""

    name: str
    text: str
    chosen: str = ""


@dataclass(frozen=True)
class Looked:
    """The data under its settings: what a net for it must fit."""

    data: DataLines
    source: Source

    @property
    def is_regression(self) -> bool:
        """Whether numbers are learned."""
        return self.source.task == "regression"

    @property
    def is_image(self) -> bool:
        """Whether samples are pictures, large enough for a convolution."""
        return len(self.source.shape) == 3 and min(self.source.shape[1:]) >= SMALLEST_PICTURE

    @property
    def rarest(self) -> float:
        """The rarest class's samples to train on over those of the largest; 1 of numbers."""
        counts = self.source.train_per_class
        return min(counts) / max(counts) if counts and max(counts) else 1.0


SEEN_FROM = "Where it is, seen from this recipe's folder."
"""What is said of a path."""

SMALLEST_PICTURE = 6
"""Pixels of the shorter side from which on two convolutions and a pooling have something to do."""
