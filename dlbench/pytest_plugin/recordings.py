"""Questions on recordings as pytest sees them: each claim is an item, and the recordings of a name confirm it or not."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dlbench.errors import DlbenchError, UsageError
from dlbench.files import is_folder
from dlbench.pytest_plugin.items import ClaimsFile, ClaimsItem, fail
from dlbench.recipe.questions import RECORDINGS, located, questions_from, recordings_of
from dlbench.recipe.source import read
from dlbench.recipe.source_map import line_numbers
from dlbench.words.printable import printable

if TYPE_CHECKING:
    from dlbench.analysis.summary import Report
    from dlbench.plan.questions import Questions
    from dlbench.run.group import RecordingGroup


class RecordingsFile(ClaimsFile):
    """A file of questions that names the folder of the recordings, or lies in it; nothing is trained."""

    def collect(self) -> list[pytest.Item]:
        """An item for each claim; raises what is wrong with the questions as text."""
        try:
            lines = line_numbers(read(self.path))
            claims = self.questions.claims
            if self.folder is None:
                raise UsageError(
                    f"{self.path}: asks of recordings, and does not say of which; write the folder of their name at its top, "
                    f'such as {RECORDINGS} = "results/NAME", or keep the file in that folder'
                )
        except DlbenchError as error:
            raise self.CollectError(printable(str(error))) from None
        return self.claim_items(claims, lines, ("claims",))

    @cached_property
    def questions(self) -> Questions:
        """What is asked."""
        return questions_from(self.path)

    @cached_property
    def folder(self) -> Path | None:
        """The folder of the recordings: as the file names it, seen from its own, or that in which it lies."""
        if (named := recordings_of(self.path)) is not None:
            return self.path.parent / named
        return self.path.parent if next(self.path.parent.glob("*/plan.json"), None) else None

    @cached_property
    def _group(self) -> RecordingGroup | None:
        from dlbench.run.group import group_in

        return group_in(self.folder) if self.folder is not None and is_folder(self.folder) else None

    @cached_property
    def _summary(self) -> Report:
        from dlbench.analysis.summary import summarize

        assert self._group is not None
        return summarize(self._group, self.questions)

    @cached_property
    def report(self) -> dict[str, Any]:
        """What the recordings say."""
        from dlbench.export.json_data import as_data

        return as_data(self._summary)

    @property
    def run(self) -> str:
        """The folder of the recordings."""
        return str(self.folder)

    def require(self, item: ClaimsItem) -> None:
        """Read the recordings; a name that is misspelt is an error, and recordings that are not there are lacking."""
        from dlbench.analysis.asked_names import unknown_names

        if self._group is None:
            self.lacking(f"{self.folder}: nothing is recorded there; run what records it first")
        try:
            wrong = [one for one in unknown_names(self._summary.state, self.questions) if one.is_misspelt]
        except DlbenchError as error:
            fail(f"{error}\n{item.remark()}")
        if wrong:
            fail(f"{located(self.path, [(one.path, one.what) for one in wrong])}\n{item.remark()}")
