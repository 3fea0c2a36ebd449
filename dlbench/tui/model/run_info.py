"""What a run is about, read from its folder in two steps: first what the first frame needs, then what costs more."""

from __future__ import annotations

from dataclasses import replace

from dlbench.run.folder import RunFolder
from dlbench.tui.model.view import RunInfo


def run_info(folder: RunFolder) -> RunInfo:
    """A run's name and plan; reading them costs milliseconds.

    Raises UsageError where the folder is no run, DlbenchError where its plan is damaged or too new.
    """
    return RunInfo(folder.name, folder.read_plan(), folder=folder, is_whole=False)


def completed(info: RunInfo, folder: RunFolder) -> RunInfo:
    """The same with what the run's recipe asks, compares and claims; checking recipes costs a quarter of a second to import.

    Raises RecipeError where these sections are wrong.
    """
    from dlbench.report.summary import promises

    return replace(info, **vars(promises(folder)), is_whole=True)
