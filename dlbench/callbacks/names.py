"""What is logged by a library, under the names that it has here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from numbers import Real
from typing import Any

from torch import Tensor

from dlbench.imports.names import RESERVED, common_name

BARE = {"loss": "train_loss", "accuracy": "train_accuracy", "acc": "train_accuracy"}
"""Of the training data, where a library writes `val_loss` beside `loss`."""


class LoggedNames:
    """Gives the names of a library ours, in the same way throughout a recording and no two of them the same."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        """Our names that are taken, and by which of the library's."""

    def renamed(self, values: Mapping[str, Any], bare: Mapping[str, str] = BARE) -> dict[str, Any]:
        """The single numbers among what was logged, Python's or tensors, under their names here; all else is left out."""
        return {self._name(name, bare): value for name, value in values.items() if is_single_number(value)}

    def _name(self, name: str, bare: Mapping[str, str]) -> str:
        ours = bare.get(name) or _common_name(name)
        if ours is not None and self._of.setdefault(ours, name) == name:
            return ours
        return f"logged_{name}" if name in RESERVED else name


_common_name = cache(common_name)
"""Names are the same at every step."""


def is_single_number(value: Any) -> bool:
    """Whether a recording can keep it: no truth value, text, list or tensor of several numbers."""
    if isinstance(value, Tensor):
        return value.numel() == 1 and not value.is_complex()
    return isinstance(value, Real) and not isinstance(value, bool)
