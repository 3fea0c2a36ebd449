"""Runs for the panes of tables and the list of trials, and a way to play with one on the screen."""

import asyncio
import dataclasses

from stage import Stage, shown
from synthetic_run import LN2, finished, make_plan

from dlbench.analysis.summary import report
from dlbench.plan.questions import Claim, Compare, Lesson, Questions
from dlbench.tui.charts.glyphs import UNICODE
from dlbench.tui.model.view import RunInfo, View

VARIANTS = ("sigmoid", "relu", "relu_he")
CLAIMS = (
    Claim({"en": "No seed of the sigmoid net learns", "ko": "시그모이드 망은 배우지 못한다"}, "lecture", "sigmoid", "solved",
          at_most=0, every_seed=True),
    Claim("ReLU always learns, and this sentence is so long that it must be folded somewhere", "theory", "relu", "solved",
          at_least=0.99),
    Claim("ReLU reaches 0.95", "measured", "relu", "train_accuracy", at_least=0.95),
)  # fmt: skip
LESSON = Lesson(
    section="10.3",
    title={"en": "Nine layers", "ko": "아홉 층"},
    question={"en": "Why does it not learn?", "ko": "왜 배우지 못하는가?"},
    explain={"en": "Each layer shrinks the gradient.", "ko": "각 층은 기울기를 줄인다."},
)


def final(trial):
    """The numbers of a trial at its end: sigmoid never learns, a third of the others do not, one diverges."""
    if trial.variant == "sigmoid":
        return {"train_loss": LN2, "train_accuracy": 0.5, "test_loss": LN2 + trial.seed / 1e3, "test_accuracy": 0.5}
    if trial.variant == "relu_he" and trial.seed == 3:
        return {"diverged_at": 31}
    accuracy = 1.0 if trial.seed % 3 else 0.5
    return {
        "train_loss": 0.01 + trial.seed / 1e3, "train_accuracy": accuracy,
        "test_loss": 0.02 + trial.seed / 1e3, "test_accuracy": accuracy,
    }  # fmt: skip


def make_view(plan=None, events=None, *, lesson=LESSON, claims=CLAIMS, breakpoints=()):
    """A view filled by hand; without events of a finished run."""
    plan = dataclasses.replace(plan or make_plan(VARIANTS), breakpoints=list(breakpoints))
    view = View(RunInfo("xor", plan, Questions(lesson, Compare(metric="solved", baseline="sigmoid"), claims)))
    view.state.apply(finished(plan, final) if events is None else events)
    view.loading, view.status = None, "done"
    return view


def reported(view):
    """The same view with the report that a feed would have made."""
    info = view.info
    view.report = report(view.state, info.questions)
    view.touch()
    return view


def begun(plan, count=4):
    """The first events of a finished run, so that its first stack is under way."""
    return finished(plan, final)[:count]


async def settled(pilot):
    """Wait until threads have brought what they read, and all is drawn."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.pause()
    return pilot.app.frame()


def play(pane, view, scenario, *, size=(94, 36), glyphs=UNICODE, folder=None, read_only=False, language="en"):
    """Show a pane, and do something with it; returns what the scenario returns."""

    async def run():
        app = Stage(pane, view, glyphs=glyphs, language=language)
        app.folder, app.read_only = folder, read_only
        async with app.run_test(size=size) as pilot:
            await shown(pilot)
            await settled(pilot)
            return await scenario(pilot)

    return asyncio.run(run())


def frame(pane, view, **options):
    """The pane as text."""
    return play(pane, view, settled, **options)
