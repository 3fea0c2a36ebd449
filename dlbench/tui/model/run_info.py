"""What a run is about, read from its folder in two steps: first what the first frame needs, then what costs more."""

from __future__ import annotations

from dataclasses import replace

from dlbench.plan.questions import Questions
from dlbench.run.folder import RunFolder
from dlbench.tui.model.view import RunInfo


def run_info(folder: RunFolder) -> RunInfo:
    """A run's name and plan; reading them costs milliseconds.

    Raises UsageError where the folder is no run, DlbenchError where its plan is damaged or too new.
    """
    plan = folder.read_plan()
    return RunInfo(folder.name, plan, plan.questions or Questions(), folder, is_whole=plan.questions is not None)


def completed(info: RunInfo, folder: RunFolder) -> RunInfo:
    """A run of version 0.1.0 with what its recipe asks; a checker of recipes costs a quarter of a second to import.

    Raises RecipeError where it asks in a wrong way.
    """
    from dlbench.analysis.summary import questions_of

    return replace(info, questions=questions_of(folder, info.plan), is_whole=True)
