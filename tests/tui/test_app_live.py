"""The dashboard on a folder that grows: a worker writes while the app runs, with the feed's own thread and the app's own timers."""

import asyncio
import os
import time

import orjson
import pytest
from app_runs import ends, info_of, make_folder, training_run
from patience import PATIENCE
from tui.panes.pictured_run import begin, metrics, probe
from tui.quiet import strips

from dlbench.run.processes import token_of
from dlbench.run.workers import Launched, record
from dlbench.tui.app import Dashboard
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.source import FolderSource
from dlbench.tui.model.view import View
from dlbench.tui.options import DashboardOptions

LAYERS = 10


class Worker:
    """Writes a run's events as its worker does, while a dashboard looks."""

    def __init__(self, base):
        self.plan = training_run()
        self.folder = make_folder(base / "results", self.plan)
        stacks = list(range(len(self.plan.stacks)))
        record(self.folder, Launched(0, 0, token_of(os.getpid()), stacks, 0))
        self._seq = 0

    def says(self, *happened, session=0):
        """Append events."""
        with self.folder.events_file(session, 0).open("ab") as file:
            for event in happened:
                file.write(self.line(event))

    def line(self, event):
        """An event as one line."""
        self._seq += 1
        head = {"v": 1, "seq": self._seq, "time": time.time(), "kind": event["kind"]}
        rest = {name: value for name, value in event.items() if name != "session" or event["kind"] == "run"}
        return orjson.dumps(head | rest, option=orjson.OPT_APPEND_NEWLINE)

    def trains(self, stack, steps):
        """Evaluations and probes of a stack."""
        for step in steps:
            self.says(metrics(self.plan, stack, step), probe(self.plan, stack, step, LAYERS))

    def answers(self, **fields):
        """Tell that the last question has taken effect, once there is one."""
        asked = orjson.loads(self.folder.control_file.read_bytes().splitlines()[-1])
        answer = {"kind": "control", "id": asked["id"], "action": asked["action"], "error": None}
        self.says(answer | fields)
        return asked["action"]


class Screen:
    """What is on the screen, and what is done to it."""

    def __init__(self, app, pilot):
        self.app, self.pilot = app, pilot

    def text(self):
        """The rows."""
        return "\n".join(strip.text.rstrip() for strip in strips(self.app))

    async def has(self, *words):
        """Wait until all these words are on the screen."""
        await self.until(lambda: all(word in self.text() for word in words), words)

    async def until(self, holds, what=""):
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"{what} never came:\n{self.text()}"
            await asyncio.sleep(0.01)


def watch(worker, scenario, **options):
    """Open the dashboard on a worker's folder as `dlbench watch` does, and play a scenario with it."""

    async def run():
        view = View(info_of(worker.plan))
        feed = Feed(view, FolderSource(worker.folder), worker.folder)
        app = Dashboard(view, feed=feed, folder=worker.folder, options=DashboardOptions(frames=20, **options))
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await scenario(Screen(app, pilot))
        assert feed.failure is None

    asyncio.run(run())


@pytest.fixture
def worker(tmp_path):
    """A worker that has said nothing yet."""
    return Worker(tmp_path)


def test_a_run_from_its_first_word_to_its_last(worker):
    """What a worker writes comes onto the screen by itself, from the wait for it to the explanation at the end."""

    async def scenario(screen):
        await screen.has("STARTING", "Starting the workers")
        worker.says(*begin(worker.plan, 0, LAYERS))
        await screen.has("LIVE", "waiting for the first probe")
        worker.trains(0, range(0, 501, 50))
        await screen.has("step 500/1,000", "0 dense · step 500", "vanishing gradient")
        with worker.folder.events_file(0, 0).open("ab") as file:
            event = worker.line(metrics(worker.plan, 0, 550))
            file.write(event[:40])
            file.flush()
            await screen.pilot.press("2")
            await screen.has("Loss (log) · sigmoid")
            assert "step 500/1,000" in screen.text()
            file.write(event[40:])
        await screen.has("step 550/1,000")
        worker.says({"kind": "diverged", "stack": 0, "step": 560, "trial": 0, "last_loss": 7.5})
        await screen.has("NaN @ 560", "diverged")
        worker.says(*ends((0,)))
        for stack in (1, 2):
            worker.says(*begin(worker.plan, stack, LAYERS)[1:])
            worker.trains(stack, range(0, 1001, 100))
            worker.says(*ends((stack,)))
        worker.says({"kind": "end", "stack": None, "step": 0, "status": "done", "error": None, "seconds": None})
        await screen.has("DONE", "6/6 trials")
        await screen.pilot.press("5")
        await screen.has("Each layer shrinks the gradient", "undecided")
        await screen.pilot.press("4")
        await screen.has("1/2, 1 diverged", "tanh")

    watch(worker, scenario)


def test_the_trial_on_the_screen_follows_the_training(worker):
    """The first trial is held, whatever trains; `F` follows, from one stack that ends to the next, until a trial is chosen."""

    async def scenario(screen):
        focus = screen.app.view.focus
        worker.says(*begin(worker.plan, 0, LAYERS))
        worker.trains(0, (0, 100))
        await screen.has("sigmoid, seed 0", "step 100", "held")
        worker.says(*ends((0,)), *begin(worker.plan, 1, LAYERS)[1:])
        worker.trains(1, (0, 100))
        await screen.until(lambda: screen.app.view.state.stacks[1].step == 100, "the second stack")
        assert focus.trial == 0
        await screen.pilot.press("F")
        await screen.until(lambda: focus.trial == 2, "the second stack")
        await screen.has("relu, seed 0")
        await screen.pilot.press("p")
        worker.says(*ends((1,)), *begin(worker.plan, 2, LAYERS)[1:])
        worker.trains(2, (0, 100))
        await screen.until(lambda: screen.app.view.state.stacks[2].step == 100, "the third stack")
        await screen.has("sigmoid, seed 1", "held")
        await screen.pilot.press("F")
        await screen.has("tanh, seed 1", "follows")

    watch(worker, scenario)


def test_controls_are_asked_and_acknowledged(worker):
    """Space is asked of the worker; its answer is told with its step, the bar says PAUSED, and space lets it go on."""

    async def scenario(screen):
        worker.says(*begin(worker.plan, 0, LAYERS))
        worker.trains(0, (0, 100))
        await screen.has("LIVE", "step 100/1,000", "space Pause")
        await screen.pilot.press("space")
        assert worker.answers(stack=0, step=140) == "pause"
        await screen.has("paused at step 140", "PAUSED at 140", "space Resume")
        await screen.pilot.press("full_stop")
        assert worker.answers(stack=0, step=140) == "advance"
        worker.trains(0, (141,))
        await screen.has("PAUSED at 141")
        await screen.pilot.press("space")
        assert worker.answers(stack=0, step=141) == "resume"
        await screen.has("resumed at step 141", "LIVE", "space Pause")

    watch(worker, scenario)


def test_a_resumed_run_forgets_what_it_repeats(worker):
    """A second session that goes on from a checkpoint voids what was written beyond it, on the screen as in the table."""

    async def scenario(screen):
        worker.says(*begin(worker.plan, 0, LAYERS))
        worker.trains(0, range(0, 401, 100))
        await screen.has("step 400/1,000")
        again = begin(worker.plan, 0, LAYERS)
        worker.says(again[0] | {"session": 1}, again[1] | {"step": 200}, session=1)
        await screen.has("step 200/1,000")
        worker.says(metrics(worker.plan, 0, 300), session=1)
        await screen.has("step 300/1,000")
        assert screen.app.view.state.trials[0].steps == [0, 100, 200, 300]

    watch(worker, scenario)


def test_a_folder_that_goes_is_told(worker):
    """When somebody moves the run's folder away the dashboard says so, and lives on."""

    async def scenario(screen):
        worker.says(*begin(worker.plan, 0, LAYERS), *ends((0,)))
        await screen.has("sigmoid, seed 0")
        worker.folder.path.rename(worker.folder.path.with_name("elsewhere"))
        await screen.until(lambda: screen.app.view.problem is not None, "a problem")
        await screen.has(screen.app.view.problem[:40])
        await screen.pilot.press("6", "7", "1")
        assert screen.app.pane.NAME == "gradients"

    watch(worker, scenario)


def test_another_run_is_opened_live(worker, tmp_path):
    """From the list of runs Enter opens another one, whose events then come as this one's did; `i` lays curves over it."""
    other = Worker(tmp_path / "second")
    other.folder.path.parent.rename(worker.folder.path.parent.with_name("second"))
    moved = worker.folder.path.parent.with_name("second") / other.folder.path.name
    other.folder = type(other.folder)(moved)
    other.says(*begin(other.plan, 1, LAYERS))
    other.trains(1, (0, 100))

    async def scenario(screen):
        worker.says(*begin(worker.plan, 0, LAYERS))
        worker.trains(0, (0, 100))
        await screen.has("LIVE", "step 100/1,000")
        await screen.pilot.press("7")
        await screen.has("2 runs", "second/", "pictured/")
        table = screen.app.pane._table
        row = next(row for row in range(2) if "second" in str(table.get_row_at(row)[0]))
        table.move_cursor(row=row)
        await screen.pilot.press("i")
        await screen.has("overlaid")
        await screen.pilot.press("enter")
        await screen.until(lambda: screen.app.folder.path == moved, "the other run")
        other.trains(1, (777,))
        await screen.has("This trial waits for its turn", "F` follows")
        await screen.pilot.press("F")
        await screen.has("step 777/1,000", "relu")

    watch(worker, scenario)


def test_nothing_is_asked_where_one_only_looks(worker):
    """With --read-only a run is watched as it goes, and no key writes anything into its folder."""
    before = sorted(path.name for path in worker.folder.path.iterdir())

    async def scenario(screen):
        worker.says(*begin(worker.plan, 0, LAYERS))
        worker.trains(0, (0, 100))
        await screen.has("read-only", "step 100/1,000")
        await screen.pilot.press("space", "x", "X", "l", "k", "full_stop", "greater_than_sign")
        await screen.has("opened with")

    watch(worker, scenario, read_only=True)
    assert sorted(path.name for path in worker.folder.path.iterdir()) == before
