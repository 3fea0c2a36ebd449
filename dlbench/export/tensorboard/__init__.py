"""A run for TensorBoard: scalars, histograms, nets, hyperparameters, filters; written with TensorBoard's own classes."""

from __future__ import annotations

from pathlib import Path

from dlbench.errors import UsageError
from dlbench.export.base import WRITERS, ExportSource
from dlbench.run.group import RecordingGroup


@WRITERS.add(suffix="")
def tensorboard(source: ExportSource, path: Path) -> None:
    """A folder for `tensorboard --logdir`, with a folder a trial in it.

    Curves and measures of layers are scalars, filters images, the settings that differ hyperparameters; of gradients there are
    histograms of their powers of ten. The clock is the time that was spent on training.
    """
    from dlbench.analysis.summary import folded
    from dlbench.export.tensorboard.run_log import RunLog
    from dlbench.state.histograms import KEPT

    folder = source.report.folder
    if folder is None:
        raise UsageError("only a run that lies on disk can be written for TensorBoard")
    if isinstance(folder, RecordingGroup):
        one = folder.members[-1].folder.name
        raise UsageError(
            f"TensorBoard's files are of one run, and {folder.name} is a group of recordings; name one: {one}"
        )
    RunLog(folded(folder, source.report.state.plan, histograms=KEPT), folder, path).write()
