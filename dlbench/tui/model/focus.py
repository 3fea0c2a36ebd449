"""The focus: which trial, which measure, which layer and step everybody looks at. One for all pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Curves: TypeAlias = Literal["loss", "score"]
"""The loss, or the first other metric of what is learned: accuracy of classes, RMSE of numbers."""
Spread: TypeAlias = Literal["trial", "seeds", "band"]
RowsWanted: TypeAlias = Literal["all", "time", "layers"]
ROWS: tuple[RowsWanted, ...] = ("all", "time", "layers")
"""In the order in which a key goes through them."""


PLACE = frozenset({"trial", "beside", "measure", "layer", "rows", "step", "pretrained", "filter"})
"""What anybody who moves sets, be it to what it was."""


@dataclass
class Focus:
    """What is looked at. Setting an attribute raises `version`, so that pictures know when to be drawn again."""

    trial: int = 0
    """Index into `Plan.trials`."""
    beside: int | None = None
    """A second trial, shown side by side on one scale."""
    follow: bool = False
    """Whether it is not held: `trial` goes to a running stack by itself when its own has ended."""
    measure: str = "gradient_norm"
    """One of `dlbench.measures.MEASURES`."""
    layer: int = 0
    """Row of the probes."""
    rows: RowsWanted = "all"
    """Layers and, of recurrent ones, their steps of time; or only one of both."""
    step: int | None = None
    """The cursor's step; `None` is the newest, wherever it is."""
    pretrained: int | None = None
    """The cursor's step of pre-training, of the layer's own count, where pictures before the training are looked at."""
    pretraining: str = "reconstruction_error"
    """The measure of pre-training whose curve is drawn."""
    curves: Curves = "loss"
    spread: Spread = "seeds"
    """Curves of the trial alone, of all seeds of its candidate, or of all variants as mean and band."""
    log: bool = True
    """Whether the curves' axis is logarithmic."""
    log_steps: bool = True
    """Whether steps are in the pictures of probes, which are dense at first, and in the curves beneath these."""
    log_curve_steps: bool = False
    """Whether steps are in the pane of curves."""
    fixed_range: bool = False
    """Whether colours span what was measured (False: without its extremes)."""
    filter: str = ""
    """Only trials whose variant or seed contains this."""
    on_scene: bool = False
    """Whether it is the lesson's scene that is looked at; whoever moves, ends it."""
    version: int = field(default=0, compare=False)

    @property
    def mate(self) -> int | None:
        """The second trial, if it is another one."""
        return None if self.beside == self.trial else self.beside

    def __setattr__(self, name: str, value: Any) -> None:
        before = getattr(self, name, None)
        super().__setattr__(name, value)
        if name != "version" and before != value:
            super().__setattr__("version", getattr(self, "version", 0) + 1)
        if name in PLACE and getattr(self, "on_scene", False):
            self.on_scene = False
