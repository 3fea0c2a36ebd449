"""Which test samples each trial was right about in the end: what tells whether two trials differ on the same samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlbench.errors import DlbenchError
from dlbench.metrics.trial_view import Status
from dlbench.run import correct
from dlbench.run.folder import RunFolder
from dlbench.state.run_state import RunState


def right_answers(state: RunState, folder: RunFolder) -> tuple[dict[str, NDArray[np.bool_]], list[str]]:
    """By a trial's id whether it is right about each test sample, `[samples]`; and what could not be read, in words.

    Only trials that came to their end are there, with their stacks; none of a run that kept no such answers. A file that is
    missing or damaged hides no table: its trials are left out, and the words say why.
    """
    found: dict[str, NDArray[np.bool_]] = {}
    problems: list[str] = []
    for stack in state.stacks:
        if stack.status is not Status.OK or not stack.correct:
            continue
        ids = [state.plan.trials[index].id for index in stack.plan.trials]
        try:
            kept = correct.read(folder.correct_file(stack.index), ids)
        except DlbenchError as error:
            problems.append(str(error))
            continue
        found |= {trial: row for trial, row, known in zip(ids, kept.right, kept.known, strict=True) if known}
    return found, problems
