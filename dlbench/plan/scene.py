"""The scene of a lesson: on which variants, which picture and which step a dashboard opens.

Panes belong to the dashboard and findings to the diagnosis, which both come later; tests hold the names here to theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

PANES = ("gradients", "curves", "layers", "pictures", "compare")
"""The panes of the dashboard that show something of variants and steps."""

FINDINGS = {
    "vanished": "vanishing-gradient",
    "exploded": "exploding-gradient",
    "zero": "zero-gradient",
    "stuck": "not-learning",
    "dead": "dead-units",
    "saturated": "saturated-units",
    "diverged": "diverged",
}
"""Words for a step: the first at which the diagnosis finds this kind."""

OVERFITTING = "overfitting"
"""The step at which the loss on the test data is lowest, where it rises afterwards."""

LAST = "last"
"""The newest step, wherever it is."""

STEP_WORDS = (*FINDINGS, OVERFITTING, LAST)
"""Every word that a scene may have in place of a step's number."""


@dataclass(frozen=True)
class Scene:
    """What a dashboard opens on: one variant, or two side by side, in a pane, by a measure of layers, at a step."""

    variants: list[str]
    pane: str = "gradients"
    measure: str = "gradient_norm"
    step: int | str = LAST
