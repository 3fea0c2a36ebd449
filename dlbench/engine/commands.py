"""Commands: what is asked of the stack in training, as data, and what its trainer replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CHANGING = frozenset({"set_lr", "end_trial"})
"""Actions after which a training is another one, and is saved before anything else happens."""


@dataclass(frozen=True)
class Command:
    """One action, as `dlbench.run.control.ACTIONS` has them, for the stack that is trained now.

    Of its fields `trials` are rows of the stack, `when` is a condition that was read. `error` says why it cannot be done, where
    that is known before anyone has tried.
    """

    id: str
    action: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True)
class Reply:
    """What came of a command: with `fields` of its own that it has taken effect, or the reason why it has not."""

    command: Command
    fields: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
