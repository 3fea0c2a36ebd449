"""The panes of tables and texts: the same numbers as in print, in every condition of a run, for keys and for the mouse."""

import io
import os
from dataclasses import asdict
from datetime import datetime, timedelta

import orjson
import pytest
from listed_run import CLAIMS, LESSON, VARIANTS, begun, final, frame, make_view, play, reported, settled
from rich.cells import cell_len
from rich.console import Console as Terminal
from stage import Stage, act, shown
from synthetic_run import breakpoint_event, control_event, finished, make_plan
from textual.widgets import DataTable

from dlbench.parts.datasets import describe
from dlbench.plan.facts import described
from dlbench.plan.questions import Lesson
from dlbench.plan.recorded import recorded_plan
from dlbench.run.folder import RunFolder, create
from dlbench.text.data import data_line
from dlbench.text.table import render_text
from dlbench.tui.charts.glyphs import ASCII
from dlbench.tui.model.view import Overlay
from dlbench.tui.panes.compare import ComparePane
from dlbench.tui.panes.lesson import LessonPane
from dlbench.tui.panes.log import ConsoleLog, LogPane
from dlbench.tui.panes.runs import RunsPane
from dlbench.tui.widgets.report_table import ReportTable

PANES = (ComparePane, LessonPane, LogPane, RunsPane)
SMALLEST = (60, 12)
"""What a window of 60x16 leaves for a pane."""


@pytest.fixture(autouse=True)
def english(monkeypatch):
    """The texts in English, whatever the caller's locale."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def results(tmp_path):
    """Four runs under one folder, newest last: never started, done, with two consoles, damaged."""
    plan, folders = make_plan(VARIANTS), []
    for day, name in enumerate(("empty", "done", "talks", "bad")):
        folder = create(tmp_path / "results", name, datetime(2026, 1, 2, 3, 4, 5) + timedelta(days=day))  # noqa: DTZ001
        folder.write_plan(plan)
        folders.append(folder)
    ends = [*finished(plan, final), {"v": 1, "kind": "end", "stack": None, "step": 0, "status": "done", "error": None}]
    with folders[1].events_file(0, 0).open("wb") as file:
        for number, event in enumerate(ends):
            head = {"v": 1, "seq": number, "time": 1e9 + number, "kind": event["kind"]}
            file.write(orjson.dumps(head | event, option=orjson.OPT_APPEND_NEWLINE))
    folders[2].console_file(0).write_text("".join(f"line {n}\n" for n in range(3000)))
    folders[2].console_file(1).write_text("one\n")
    folders[3].plan_file.write_text("{")
    return folders


def first_events(*more):
    """A view of a run whose first stack is under way, and what happens to it."""
    return make_view(events=[*begun(make_plan(VARIANTS)), *more])


FAILED = {"v": 1, "kind": "end", "stack": 0, "status": "failed", "error": "no\nmemory", "step": 5}
CONDITIONS = {
    "waiting": lambda: make_view(events=[]),
    "running": first_events,
    "finished": make_view,
    "failed": lambda: first_events(FAILED),
    "dropped": lambda: first_events(control_event("end_trial", 0, 20, trials=[1])),
    "huge": lambda: make_view(make_plan([f"variant-{n:02}" for n in range(40)])),
    "silent": lambda: make_view(events=[], lesson=Lesson(), claims=()),
}
"""A run in every condition that a pane must show."""


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
@pytest.mark.parametrize("pane", PANES)
def test_panes_show_every_condition_in_little_room(pane, condition):
    """Every pane shows something of a run in every condition, within the smallest size, with a report and without."""
    view = condition()

    async def scenario(pilot):
        before = pilot.app.frame()
        reported(view)
        await shown(pilot)
        return before, await settled(pilot)

    before, after = play(pane, view, scenario, size=SMALLEST)

    for text in (before, after):
        assert text.strip()
        assert len(text.splitlines()) <= SMALLEST[1]
        assert max(map(cell_len, text.splitlines())) <= SMALLEST[0]


@pytest.mark.parametrize("pane", PANES)
def test_panes_have_ascii_alone_where_that_is_asked(pane, results):
    """In a terminal of ASCII alone nothing that is written is anything else; frames of Textual's own are filtered elsewhere."""
    view = reported(make_view(lesson=Lesson(question={"ko": "왜?"})))
    view.state.apply([breakpoint_event(0, 20, 1, paused=True), {"kind": "note", "stack": None, "text": "“quoted”"}])
    text = frame(pane, view, glyphs=ASCII, size=(150, 48), folder=results[2])

    assert {letter for letter in text if not letter.isascii()} <= set("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉")


def numbers_in(text):
    """The words of a text that have digits in them."""
    return [word for word in text.split() if any(letter.isdigit() for letter in word)]


def test_table_has_the_numbers_of_the_printed_one():
    """Every number of `dlbench table` stands in the pane, in the same form, and no other."""
    view = reported(make_view())
    out = io.StringIO()
    Terminal(file=out, width=250).print(render_text(view.report, width=240, color=False, ascii=False))

    assert sorted(numbers_in(out.getvalue())) == sorted(numbers_in(frame(ComparePane, view, size=(240, 60))))


def rows_of(pilot):
    """The names in the table from top to bottom."""
    table = pilot.app.pane.query_one(DataTable)
    return [table.get_row_at(row)[0].plain for row in range(table.row_count)]


def test_sorting_goes_through_the_columns_and_back():
    """`o` sorts by the deciding column, best first, then backwards; after the last column the recipe's order is back."""

    async def scenario(pilot):
        orders = []
        for _ in range(2):
            await act(pilot, "sort")
            orders.append(rows_of(pilot))
        table = pilot.app.pane.query_one(ReportTable)
        presses = 2
        while table.order is not None:
            await act(pilot, "sort")
            presses += 1
        return orders, rows_of(pilot), presses, len(table.columns)

    orders, last, presses, columns = play(ComparePane, reported(make_view()), scenario)

    assert orders == [["relu", "relu_he", "sigmoid"], ["sigmoid", "relu", "relu_he"]]
    assert last == list(VARIANTS)
    assert presses == 2 * (columns - 1) + 1


def test_losses_are_best_where_they_are_low():
    """A click on the header of a loss puts the lowest first, a second one the highest."""
    view = reported(make_view())

    async def scenario(pilot):
        table = pilot.app.pane.query_one(ReportTable)
        key = next(key for key in table.columns if key.value == "test_loss")
        found = []
        for _ in range(2):
            table.post_message(DataTable.HeaderSelected(table, key, 0, label=table.columns[key].label))
            await pilot.pause()
            found.append(rows_of(pilot))
        return found, pilot.app.frame()

    (low, high), text = play(ComparePane, view, scenario)
    means = {row.variant: row.cells["test_loss"].mean for row in view.report.table.rows}

    assert low == sorted(VARIANTS, key=means.get)
    assert high == low[::-1]
    assert "by test loss, best last" in text


def test_columns_that_do_not_fit_are_told_and_come():
    """The pane says how many columns stand beyond each border; the arrows bring them while the names stay."""

    async def scenario(pilot):
        before = pilot.app.frame()
        await pilot.press("end")
        return before, await settled(pilot)

    before, after = play(ComparePane, reported(make_view()), scenario, size=(60, 20))

    assert "more columns →" in before
    assert "←" not in before
    assert "→" not in after
    assert "← " in after
    assert all(name in after for name in VARIANTS)


def test_only_changed_cells_are_written():
    """A new report with one other number changes cells of its row alone, and the bar stays where it is."""
    plan = make_plan(VARIANTS)
    events = finished(plan, final)
    view = reported(make_view(plan, events[:-8]))

    async def scenario(pilot):
        table = pilot.app.pane.query_one(ReportTable)
        await pilot.press("down")
        written = []
        update = table.update_cell
        table.update_cell = lambda row, column, *rest, **how: (written.append(row), update(row, column, *rest, **how))
        await shown(pilot)
        unchanged = list(written)
        reported(view)
        await shown(pilot)
        same = list(written)
        view.state.apply([{"v": 1, "kind": "stack", "stack": 2, "step": 0, "classes": 2, "steps": 100}])
        reported(view)
        await shown(pilot)
        return unchanged, same, set(written), table.cursor_row

    unchanged, same, written, row = play(ComparePane, view, scenario)

    assert unchanged == same == []
    assert written == {"variant relu_he"}
    assert row == 1


def test_search_stands_beneath_the_variants():
    """Every candidate of a search has a row of its own under the variants, and stays there however they are sorted."""
    choices = {name: [{"train.optimizer.lr": lr} for lr in (0.1, 0.01)] for name in ("sigmoid", "relu")}
    view = reported(make_view(make_plan(choices)))

    async def scenario(pilot):
        names = rows_of(pilot)
        await act(pilot, "sort")
        return names, rows_of(pilot)

    names, ordered = play(ComparePane, view, scenario)

    assert names[2] == ordered[2] == "the whole search:"
    assert len(names) == 7
    assert [name.split(",")[0] for name in ordered[:2]] == ["relu", "sigmoid"]


def test_down_goes_on_into_the_claims_and_up_comes_back():
    """Below the last row the arrows scroll the claims, so that no text needs a mouse."""

    async def scenario(pilot):
        below = pilot.app.pane.query_one("#below")
        await pilot.press(*["down"] * 6)
        far = below.scroll_y
        await pilot.press(*["up"] * 6)
        return far, below.scroll_y, pilot.app.pane.query_one(DataTable).cursor_row

    far, back, row = play(ComparePane, reported(make_view()), scenario, size=(60, 12))

    assert far > 0
    assert (back, row) < (far, 2)


def test_enter_goes_to_the_first_trial_of_the_row():
    """Enter holds the first seed of the variant under the bar."""
    view = reported(make_view())

    async def scenario(pilot):
        await pilot.press("down", "enter")
        await pilot.pause()

    play(ComparePane, view, scenario)

    assert view.info.plan.trials[view.focus.trial].variant == "relu"
    assert not view.focus.follow


def test_reports_are_wanted_only_while_someone_looks():
    """The pane asks for reports, and for no more of them when it goes off the screen."""
    view = make_view()

    async def scenario(pilot):
        during = view.wants_report
        pilot.app.pane.display = False
        await pilot.pause()
        return during, view.wants_report

    assert play(ComparePane, view, scenario) == (True, False)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"loading": 0.4}, "once the run's events have been read"), ({"status": "empty"}, "never started"),
     ({"problem": "version 9 is newer"}, "version 9 is newer"), ({}, "in a moment")],
)  # fmt: skip
def test_no_table_has_a_reason(change, words):
    """Where there is no table yet, the pane says why."""
    view = make_view(events=[])
    for name, value in change.items():
        setattr(view, name, value)

    assert words in frame(ComparePane, view)


def test_lesson_keeps_its_answer_to_the_end():
    """The question is there from the start; the explanation and the marks come when every trial has ended."""
    plan = make_plan(VARIANTS)
    before, after = frame(LessonPane, make_view(plan, begun(plan))), frame(LessonPane, reported(make_view()))

    assert LESSON.question["en"] in before
    assert LESSON.question["en"] in after
    assert "when the run has ended" in before
    assert LESSON.explain["en"] not in before
    assert LESSON.explain["en"] in after
    assert "confirmed" not in before
    assert all(f"{sign} " in after for sign in "✔✖?")


def test_lesson_shows_the_data_from_its_event_on():
    """A run of which no event tells the data shows none; else the line that `show` prints stands under the question."""
    facts = described({"kind": "xor"}, describe({"kind": "xor"}))
    event = {"v": 1, "kind": "data", "stacks": [0, 1, 2], "settings": {"kind": "xor"}, **asdict(facts)}

    assert "samples of" not in frame(LessonPane, first_events())
    assert f"data: {data_line(facts)}" in " ".join(frame(LessonPane, first_events(event)).split())


def test_stopped_runs_say_how_they_go_on():
    """A run that was stopped before its end says how it comes to one."""
    view = make_view(events=begun(make_plan(VARIANTS)))
    view.status = "stopped"

    assert "dlbench run --resume xor" in frame(LessonPane, view)


def test_lesson_speaks_korean_in_whole_letters():
    """Where Korean is asked for the texts are Korean, and no line is wider than the pane, whose letters take two cells."""
    explain = {"ko": "각 층은 기울기에 최대 사분의 일을 곱한다. " * 9}
    lesson = Lesson(question=LESSON.question, explain=explain)
    text = frame(LessonPane, reported(make_view(lesson=lesson)), size=(61, 40), language="ko")

    assert LESSON.question["ko"] in text
    assert CLAIMS[0].says["ko"] in text
    assert all(word in text for word in ("주장", "해설", "확인됨", "판단 보류", "강의"))
    assert "".join(text.split()).count("곱한다.") == 9
    assert max(map(cell_len, text.splitlines())) <= 61


def test_recordings_are_told_of_as_such():
    """Where no recipe stands behind a run, its lesson says how something is asked, its log where the loop prints."""
    view = make_view(recorded_plan("loop", "one", 0), [], lesson=Lesson(), claims=[])

    assert "--questions FILE" in frame(LessonPane, view)
    assert "The workers" not in frame(LogPane, view)


def test_claims_speak_korean_beside_the_table():
    """In Compare too the claims, their verdicts and their sources are Korean, and no line is wider than the pane."""
    text = frame(ComparePane, reported(make_view()), size=(80, 60), language="ko")

    assert CLAIMS[0].says["ko"] in text
    assert all(word in text for word in ("주장", "확인됨", "강의"))
    assert max(map(cell_len, text.splitlines())) <= 80


def test_prose_is_no_wider_than_it_reads_well():
    """In a wide window a line of prose still ends at a hundred cells."""
    lesson = Lesson(question="why? " * 60, explain="because. " * 60)
    text = frame(LessonPane, make_view(lesson=lesson), size=(180, 40))

    assert 80 < max(map(cell_len, text.splitlines())) <= 103


def test_log_tells_what_happened():
    """Notes with their variant, rates, breakpoints, drops, divergences and failures, each with its step."""
    plan = make_plan(VARIANTS)
    view = make_view(plan, finished(plan, final)[:-1])
    view.state.apply(
        [
            {"kind": "note", "stack": 1, "text": "slices of \x1b[31mten\x07 trials"},
            control_event("set_lr", 0, 50, trials=[0, 2], lr=0.5),
            control_event("end_trial", 2, 60, trials=[1]),
            breakpoint_event(1, 40, 1, paused=True),
            {"v": 1, "kind": "end", "stack": 2, "status": "failed", "error": "no memory", "step": 70},
        ]
    )
    text = frame(LogPane, view)

    assert "relu (5 trials): slices of ten? trials" in text
    assert "step 50: learning rate 0.5 for sigmoid, seeds 0, 2" in text
    assert "step 40: paused: gradient_norm < 1e-06 in 0 dense (3.1e-07), relu, seed 1" in text
    assert "step 31: relu_he, seed 3 diverged, last finite loss 9e+09" in text
    assert "step 60: relu_he, seed 1 dropped" in text
    assert "relu_he (5 trials): failed: no memory" in text


def test_log_shows_the_end_of_a_console_and_turns_to_the_next(results):
    """The last lines are on the screen, 2,000 are kept, new ones follow, and `w` shows the other worker's."""

    async def scenario(pilot):
        first, kept = pilot.app.frame(), pilot.app.pane.query_one(ConsoleLog).line_count
        with results[2].console_file(0).open("a") as file:
            file.write("and then\x1b[2Jno more\n")
        pilot.app.pane._poll()  # what the timer does
        later = await settled(pilot)
        await pilot.press("w")
        return first, kept, later, await settled(pilot)

    first, kept, later, other = play(LogPane, make_view(), scenario, folder=results[2], size=(80, 20))

    assert "worker 0 of 2" in first
    assert "line 2999" in first
    assert kept == 2000
    assert "and thenno more" in later
    assert "worker 1 of 2" in other
    assert "line" not in other
    assert "one" in other


def test_log_stays_where_someone_reads(results):
    """Whoever has scrolled up is not thrown to the end by new lines."""

    async def scenario(pilot):
        await pilot.press("pageup")
        await pilot.pause()
        log = pilot.app.pane.query_one(ConsoleLog)
        before = log.scroll_target_y
        log.put(["more"])
        await settled(pilot)
        return before, log.scroll_target_y

    before, after = play(LogPane, make_view(), scenario, folder=results[2], size=(80, 20))

    assert after == before


def test_runs_are_told_apart(results):
    """All runs stand there, newest first, with their states; the shown and the overlaid are marked, the damaged has its reason."""
    view = make_view()
    view.overlays.append(Overlay(results[1].name, view.state))
    lines = frame(RunsPane, view, folder=results[2], size=(150, 20)).splitlines()
    order = [name for line in lines for name in ("bad", "talks", "done", "empty") if line.startswith(f" {name}/")]
    told = {name: line for line in lines for name in order if line.startswith(f" {name}/")}

    assert "4 runs under" in lines[0]
    assert order == ["bad", "talks", "done", "empty"]
    assert "damaged" in told["bad"]
    assert "plan.json" in told["bad"]
    assert "shown here" in told["talks"]
    assert "✔ done" in told["done"]
    assert "overlaid" in told["done"]


def test_runs_are_sorted_and_chosen(results, monkeypatch):
    """`o` sorts by name, the bar stays on its run, Enter and `i` name the run under the bar."""
    messages = []

    def heard(self, message):
        message.prevent_default()
        messages.append((type(message).__name__, message.folder.path))

    for name in ("on_run_chosen", "on_run_overlaid"):
        monkeypatch.setattr(Stage, name, heard, raising=False)

    async def scenario(pilot):
        await act(pilot, "sort")
        names = rows_of(pilot)
        for key in ("enter", "i"):
            await pilot.press(key)
            await pilot.pause()
        return names

    names = play(RunsPane, make_view(), scenario, folder=results[2])

    assert [name.split("/")[0] for name in names] == ["bad", "done", "empty", "talks"]
    assert messages == [("RunChosen", results[2].path.resolve()), ("RunOverlaid", results[2].path.resolve())]


def test_runs_come_and_go(results):
    """A run that was made meanwhile appears, one whose folder went disappears, and the bar stays."""

    async def scenario(pilot):
        before = rows_of(pilot)
        results[0].plan_file.unlink()
        fresh = create(results[0].path.parents[1], "fresh", datetime(2027, 1, 1))  # noqa: DTZ001
        fresh.write_plan(make_plan(VARIANTS))
        pilot.app.pane._look()  # what the timer does
        await settled(pilot)
        chosen = pilot.app.pane._chosen()
        return before, rows_of(pilot), chosen

    before, after, chosen = play(RunsPane, make_view(), scenario, folder=results[2])

    assert [name.split("/")[0] for name in after] == ["fresh", "bad", "talks", "done"]
    assert len(before) == 4
    assert chosen is not None
    assert chosen.path == results[2].path.resolve()


def test_unchanged_runs_are_not_read_again(results, monkeypatch):
    """The logs of a run that has ended are read once, however often it is looked at."""
    from dlbench.tui.model import run_list

    runs, read = run_list.RunList(), []
    monkeypatch.setattr(
        run_list, "listed", lambda folder: read.append(folder) or run_list.Listed("a", "b", "done", 1, "")
    )
    for _ in range(3):
        runs.look(results[1])
    os.utime(results[1].events_file(0, 0), (1, 1))
    runs.look(results[1])

    assert len(read) == 2


def test_no_folder_is_no_error():
    """A view without a folder, as of events in memory, has neither console nor other runs, and says so."""
    assert "no run folder" in frame(LogPane, make_view())
    assert "no run folder" in frame(RunsPane, make_view())


def test_folder_of_runs_may_be_gone(tmp_path):
    """A results folder that went is told as one without runs."""
    folder = RunFolder(tmp_path / "results" / "gone" / "20260101-000000")

    assert "no runs under" in frame(RunsPane, make_view(), folder=folder, size=(150, 20))
