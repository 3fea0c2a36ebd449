"""Everything that stands on a page, gathered from the report: the template only lays it out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dlbench.analysis.claims import Outcome
from dlbench.analysis.summary import Report
from dlbench.export.page import figures
from dlbench.export.page.figures import PageFigure
from dlbench.export.page.findings import SharedFinding, findings_of
from dlbench.export.page.settings import Settings, settings_of
from dlbench.export.page.surroundings import RunSurroundings, file_name, surroundings_of
from dlbench.metrics.trial_view import Status
from dlbench.plan.questions import said
from dlbench.state.run_state import RunState
from dlbench.text.data import data_line
from dlbench.text.document import document_of
from dlbench.text.text_table import Document, Heading, TextTable


@dataclass(frozen=True)
class LessonTexts:
    """What the recipe teaches, in the reader's language; the explanation in paragraphs."""

    section: str
    title: str
    question: str
    explanation: tuple[str, ...]


@dataclass(frozen=True)
class RunPage:
    """A run as a page: what was asked, what came of it, and how that was found."""

    language: str
    lesson: LessonTexts
    standing: str
    """`ended`, `running` or `stopped`."""
    counts: Mapping[str, int]
    """How many variants, seeds and trials there are, and how many trials have come to their end."""
    data: tuple[str, ...]
    document: Document
    verdicts: tuple[str, ...]
    """What came of each claim."""
    comparison: PageFigure | None
    curves: tuple[PageFigure, ...]
    layers: tuple[PageFigure, ...]
    findings: list[tuple[str, tuple[SharedFinding, ...]]]
    """Everything that is wrong with each candidate, where something is."""
    settings: Settings
    surroundings: RunSurroundings
    file_name: str

    @property
    def outcomes(self) -> list[tuple[str, int]]:
        """How many claims are confirmed, refuted and undecided, as far as there are some."""
        return [(str(one), self.verdicts.count(one)) for one in Outcome if one in self.verdicts]

    def table(self, key: str) -> TextTable | None:
        """The first table of a kind, if there is one."""
        return next(iter(self.tables(key)), None)

    def tables(self, key: str) -> list[TextTable]:
        """All tables of a kind."""
        return [table for table in self.document.tables if table.key == key]

    @property
    def hints(self) -> list[Heading]:
        """What the columns of all tables of numbers mean, each once."""
        every = {one.key: one for table in self.document.tables for one in table.headings if one.hint}
        return list(every.values())


def page_of(report: Report, language: str) -> RunPage:
    """The page of a report in a language; the explanation comes when the run has ended."""
    state = report.state
    standing = standing_of(state)
    return RunPage(
        language=language,
        lesson=_lesson(report, language, has_ended=standing == "ended"),
        standing=standing,
        counts=counts_of(state),
        data=tuple(dict.fromkeys(map(data_line, state.data.values()))),
        document=document_of(report, language),
        verdicts=tuple(str(verdict.outcome) for verdict in report.verdicts),
        comparison=figures.comparison(report),
        curves=tuple(figures.curves(report)),
        layers=tuple(figures.layers(report)),
        findings=findings_of(state, report.findings),
        settings=settings_of(state.plan.candidates),
        surroundings=surroundings_of(report.folder),
        file_name=file_name(state.plan.recipe),
    )


def standing_of(state: RunState) -> str:
    """Whether a run has `ended`, is `running` (or about to), or was `stopped` before its end."""
    if all(trial.status.final for trial in state.trials):
        return "ended"
    at_work = any(stack.status is Status.RUNNING or stack.queued > stack.session for stack in state.stacks)
    return "running" if at_work else "stopped"


def _lesson(report: Report, language: str, *, has_ended: bool) -> LessonTexts:
    lesson = report.lesson
    explanation = said(lesson.explain, language) if has_ended else ""
    return LessonTexts(
        said(lesson.section, language),
        said(lesson.title, language) or report.table.title,
        said(lesson.question, language).strip(),
        paragraphs(explanation),
    )


def paragraphs(text: str) -> tuple[str, ...]:
    """A text's paragraphs, which an empty line parts."""
    return tuple(filter(None, (part.strip() for part in re.split(r"\n\s*\n", text))))


def counts_of(state: RunState) -> dict[str, int]:
    """How many variants, seeds and trials a run has, and how many trials have come to their end."""
    return {
        "candidates": len(state.plan.candidates),
        "seeds": len({trial.plan.seed for trial in state.trials}),
        "trials": len(state.trials),
        "ended": sum(trial.status.final for trial in state.trials),
    }
