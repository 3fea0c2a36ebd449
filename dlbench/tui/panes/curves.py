"""Curves: the loss and a score over the steps, on train and test data, of a trial, its seeds, or every variant."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from dlbench.tui.app_base import dashboard
from dlbench.tui.panes.base import Pane
from dlbench.tui.panes.cursor import ChartCursor
from dlbench.tui.widgets.curve_chart import CurveChart


class CurvesPane(Pane):
    """The loss above the score where there is room for both, else the one of them that is chosen."""

    NAME: ClassVar[str] = "curves"
    TITLE: ClassVar[str] = "Curves"
    HELP: ClassVar[str] = """\
The **loss** is what training makes small; the **accuracy** is the share of examples that are classified correctly. Both are
measured every so often during the training, on the data that the net learns from (**train**, solid) and on data that it has never
seen (**test**, dashed). Steps run from left to right.

- **A flat loss at the price of guessing**: the net learns nothing. Guessing costs ln 2 = 0.693 with two classes, ln 10 =
  2.303 with ten, less where some classes are more frequent: the entropy of their shares. Look into the Gradients: do they
  reach the first layers?
- **Test turns up while train falls**: overfitting. From there on the net memorizes its examples. A triangle (▽) marks
  the onset of overfitting of the trial in focus: its lowest test loss, once the loss has risen by more than noise explains;
  the legend has its step. That is where to stop; more data, dropout or a penalty on the weights move that place.
- **Train and test both stay high**: the net is too small, the rate too low, or the start was bad.
- **A gap in a curve, with a cross**: the loss was NaN or infinite there; the trial has diverged. Try a smaller rate.
- **Judge by the loss before the accuracy**: outputs within a millionth of 0.5 cross the threshold by chance, so a net that
  has learned nothing may score 0.75 on XOR.
- `b` changes whose curves there are: this trial alone (with the one that `v` has put beside it), all seeds of its
  variant (this one bright, over the others), or **every variant as its mean over the seeds with a band** around it, from the
  lowest seed to the highest; with many variants only this one's. One seed is one draw; where bands overlap, the order of the
  means says little.
- `y` makes the loss's axis linear or logarithmic. On the logarithmic one, equal distances are equal factors, so that a fall
  from 0.01 to 0.001 is as tall as one from 1 to 0.1. The accuracy's axis is always linear. `z` does the same to the steps:
  the first of them get as much room as all that follow.
- The hair line is the cursor, the same step as in the other pictures. A mark on the axis: someone set the learning rate there,
  a breakpoint was hit, or the trial stopped early.
"""
    DEFAULT_CSS = """
    CurvesPane CurveChart { height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self.cursor = ChartCursor(self)

    def compose(self) -> ComposeResult:
        """The loss above the score."""
        yield CurveChart("loss")
        yield CurveChart("score")

    def action_log_steps(self) -> None:
        """Steps by their logarithm, or evenly."""
        focus = dashboard(self).view.focus
        focus.log_curve_steps = not focus.log_curve_steps
        dashboard(self).redraw()
