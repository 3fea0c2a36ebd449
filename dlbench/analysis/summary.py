"""A run's folder, read and reported: its state, its table, the verdicts on its claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dlbench.analysis.candidate_results import known_part
from dlbench.analysis.comparison import build_table
from dlbench.analysis.diagnosis.diagnose import RunFindings
from dlbench.analysis.table import Pivot, Table
from dlbench.errors import DlbenchError
from dlbench.metrics.trial_view import SolvedRule
from dlbench.plan import Plan
from dlbench.plan.questions import Claim, Lesson, Questions
from dlbench.run.folder import RunFolder
from dlbench.run.glance import glance
from dlbench.run.group import RecordingGroup, notes_of_group, recordings_in
from dlbench.run.group_events import reader_of
from dlbench.run.workers import read as started
from dlbench.state.run_state import RunState

if TYPE_CHECKING:
    from dlbench.analysis.claims import Verdict
    from dlbench.analysis.diagnosis.finding import Finding
    from dlbench.analysis.ensembles.ensemble import Ensembles
    from dlbench.analysis.statistics.item_noise import Answers
    from dlbench.launch.status import WorkerStatus
    from dlbench.state.trial_state import TrialState


@dataclass(frozen=True)
class Report:
    """A run as it stands: what every display prints and every export writes comes from here."""

    state: RunState
    table: Table
    verdicts: list[Verdict]
    lesson: Lesson
    ensembles: Ensembles | None = None
    """Where the recipe asks for some."""
    problems: tuple[str, ...] = ()
    """What of the run's folder could not be read, and what is asked that is not known here, in words."""
    findings: Mapping[int, Sequence[Finding]] = field(default_factory=dict)
    """What is wrong with trials, by their indices in the plan."""
    folder: RunFolder | None = None
    """Where the run lies, for formats that say what it ran on and how it is run again; `None` where there is no run on disk."""
    pivot: Pivot | None = None
    """One metric over two settings, where that was asked for: it stands in the place of the table."""

    @property
    def trials(self) -> list[TrialState]:
        """The trials of the candidates that the table has rows for, in the order of the plan."""
        shown = {row.candidate for row in (*self.table.rows, *self.table.sweep)}
        return [trial for trial in self.state.trials if trial.plan.candidate in shown]


def report(state: RunState, questions: Questions, folder: RunFolder | None = None) -> Report:
    """The report of a state, which `RunState(plan, solved=questions.compare.solved)` began.

    Of the run's folder are read its predictions, where ensembles are asked for, and what its trials got right, where a claim
    is about that.
    """
    asked, notes = questions.compare, list(notes_of_group(folder)) if isinstance(folder, RecordingGroup) else []
    if state.plan.recorded:
        from dlbench.analysis.asked_names import unknown_names
        from dlbench.analysis.recorded import asked_of_recordings, notes_on_recordings

        asked = asked_of_recordings(state, questions)
        notes += notes_on_recordings(state, asked)
        notes += [one.note for one in unknown_names(state, questions)]
    compare, unknown = known_part(asked)
    claims = questions.claims
    found = None if folder is None else _ensembles(state, replace(questions, compare=compare), folder)
    answers, problems = ({}, []) if folder is None else _answers(state, claims, folder)
    findings = RunFindings(state)
    asked_for = findings if any(claim.is_of_findings for claim in claims) else None
    verdicts = _judged(state, claims, compare, found, answers, asked_for) if claims else []
    table = build_table(state, state.plan, compare)
    said = (*unknown, *problems, *notes, *_lacking_columns(state, questions, table, [*unknown, *notes]))
    return Report(state, table, verdicts, questions.lesson, found, said, findings, folder)


def _lacking_columns(state: RunState, questions: Questions, table: Table, told: Sequence[str]) -> Iterable[str]:
    """What must be said of columns that were asked for and are not there, once any trial has come to its end."""
    if not questions.compare.columns or not any(trial.status.final for trial in state.trials):
        return ()
    from dlbench.analysis.asked_names import lacking_columns

    return lacking_columns(questions.compare, table, told)


def verdicts_of(state: RunState, questions: Questions, folder: RunFolder) -> list[Verdict]:
    """The verdicts on the claims alone; of the folder is read what trials got right, where a claim is about that."""
    answers, _ = _answers(state, questions.claims, folder)
    return _judged(state, questions.claims, known_part(questions.compare)[0], None, answers)


def _judged(state: RunState, claims: Sequence[Claim], *evidence: Any) -> list[Verdict]:
    from dlbench.analysis.claims import judge  # not every run claims something

    return judge(state, claims, *evidence)


def _ensembles(state: RunState, questions: Questions, folder: RunFolder) -> Ensembles | None:
    """The ensembles, where some are asked for; most runs pay nothing for them."""
    if questions.ensemble is None:
        return None
    from dlbench.analysis.ensembles.members import ensembles

    return ensembles(state, questions.compare, questions.ensemble, folder)


def _answers(state: RunState, claims: Sequence[Claim], folder: RunFolder) -> tuple[Answers, list[str]]:
    """What the trials got right, where a claim is about that, and what of it could not be read."""
    if not claims:
        return {}, []
    from dlbench.analysis.statistics.item_noise import is_of_samples

    if not any(map(is_of_samples, claims)):
        return {}, []
    from dlbench.analysis.right_answers import right_answers

    return right_answers(state, folder)


def summarize(folder: RunFolder, questions: Questions | None = None) -> Report:
    """Read a run's folder from its first event to its last; `questions` are asked of it in place of those of its plan.

    Needs no data, no device, no recipe and no parts. Raises UsageError where the folder is no run, DlbenchError where plan or
    events are damaged or too new; RecipeError where a run of version 0.1.0 has a recipe that asks in a wrong way.
    """
    plan = folder.read_plan()
    questions = questions or questions_of(folder, plan)
    return report(standing(folder, plan, questions.compare.solved), questions, folder)


def standing(folder: RunFolder, plan: Plan | None = None, solved: SolvedRule | None = None) -> RunState:
    """How a run stands, which of its stacks are being worked on included; `plan` and errors are those of `folded`."""
    state = folded(folder, plan, solved)
    if not all(stack.status.final for stack in state.stacks):
        _ask_who_works(state, folder)
    return state


def _ask_who_works(state: RunState, folder: RunFolder) -> None:
    """Tell the state which of its stacks are being worked on; the others will not go on by themselves."""
    at_work = _alive(folder) if _may_be_at_work(folder) else []
    for worker in at_work:
        state.expect(worker.session, worker.stacks)
    state.lost(set(range(len(state.stacks))) - {stack for worker in at_work for stack in worker.stacks})


def _may_be_at_work(folder: RunFolder) -> bool:
    """Whether there is a worker that has not told of its end, so that its launcher must be asked."""
    if isinstance(folder, RecordingGroup):
        return True
    looked = {(session, worker): glance(path) for session, worker, path in folder.events_files()}
    launched = {(one.session, one.worker) for one in started(folder)}
    return any(one not in looked or looked[one].end is None for one in looked.keys() | launched)


def _alive(folder: RunFolder) -> list[WorkerStatus]:
    from dlbench.launch.status import status  # a run whose workers have ended asks no processes

    return status(folder).alive


def questions_of(folder: RunFolder, plan: Plan) -> Questions:
    """What is asked of a run: its plan says so, of a run of version 0.1.0 its recipe."""
    if plan.questions is not None:
        return plan.questions
    from dlbench.recipe.old_runs import questions_in  # a checker of recipes, for these runs alone

    return questions_in(folder.read_recipe(), str(folder.recipe_file))


def folded(
    folder: RunFolder, plan: Plan | None = None, solved: SolvedRule | None = None, *, histograms: int = 0
) -> RunState:
    """What a run's events tell, from the first to the last; of histograms so many a stack are kept.

    `plan` is the folder's, where it has been read. Raises UsageError where the folder is no run, DlbenchError where plan or events
    are damaged or too new.
    """
    plan = plan or folder.read_plan()
    if not plan.trials:
        raise DlbenchError(f"{folder.plan_file}: has no trials, so there is nothing to report")
    state = RunState(plan, solved=solved, histograms=histograms)
    state.recordings = recordings_in(folder)
    reader = reader_of(folder, histograms=histograms > 0)
    state.unreadable = reader.problems
    while events := reader.poll():
        state.apply(events)
    return state
