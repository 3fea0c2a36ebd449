"""The whole dashboard without a terminal: runs in every state, and a bench on which one app lives through many tests.

A test waits until nothing is on its way any more, or until something holds; none sleeps.
"""

import asyncio
import contextvars
import gc
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import orjson
from patience import PATIENCE
from rich.cells import cell_len
from textual import events
from textual.geometry import Size
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from tui.panes.pictured_run import make_plan, pretrained, save_pictures, told, training
from tui.quiet import quiet, strips

from dlbench.plan.questions import Claim, Compare, Lesson, Questions
from dlbench.run.folder import RunFolder, create
from dlbench.run.workers import Launched, Token, record
from dlbench.tui.app import Dashboard
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.focus import Focus
from dlbench.tui.model.replay import Replay
from dlbench.tui.model.view import RunInfo, View
from dlbench.tui.options import DashboardOptions
from dlbench.tui.panes import TABS
from dlbench.tui.steering.requests import PendingRequests

PANES = tuple(tab.name for tab in TABS)
VARIANTS = ("sigmoid", "relu", "tanh")
RECIPE = '[model]\nlayers = [{ kind = "dense", units = 5 }]\n\n[data]\nkind = "xor"\n\n[train]\nsteps = 1000\n'
LESSON = Lesson(title="Nine layers", question="Why does it not learn?", explain="Each layer shrinks the gradient.")
CLAIMS = (
    Claim("The sigmoid net stays at chance", "lecture", "sigmoid", "test_accuracy", at_most=0.6),
    Claim("ReLU learns it", "theory", "relu", "test_accuracy", at_least=0.9),
)
CURSOR = 250
START = Focus(trial=1, step=CURSOR, layer=3)
"""What is looked at before each key."""


def training_run(variants=VARIANTS, **options):
    """A plan whose trials have a learning rate."""
    plan = make_plan(variants, **options)
    for candidate in plan.candidates:
        candidate.settings["train"] = {"optimizer": {"kind": "sgd", "lr": 0.25}}
    return plan


def info_of(plan, scene=None):
    """A run with a question, claims and a table, and perhaps a scene."""
    lesson = replace(LESSON, scene=scene)
    return RunInfo(
        "pictured/now", plan, Questions(lesson, Compare(metric="test_loss", baseline=plan.trials[0].variant), CLAIMS)
    )


def under_way(plan):
    """The first stack has come to step 500, the second to step 200, the others wait; some layers have pictures."""
    pictures = [told(0, f"{layer} dense", step) for layer in (2, 3, 4) for step in range(0, 501, 50)]
    before = [pretrained(plan, 0, "3 dense", step) for step in range(0, 301, 100)]
    return [*training(plan, until=500, stacks=[0]), *before, *pictures, *training(plan, until=200, stacks=[1])]


def ends(stacks, status="done", step=1000, error=None):
    """Stacks that have come to an end."""
    return [{"v": 1, "kind": "end", "stack": one, "step": step, "status": status, "error": error} for one in stacks]


def finished_run(plan):
    """Every trial has come to its end."""
    return [*training(plan), *ends(range(len(plan.stacks)))]


def write(file, happened, *, start=1e9):
    """Append events as a worker writes them, a tenth of a second apart."""
    with file.open("ab") as target:
        for seq, event in enumerate(happened):
            head = {"v": 1, "seq": seq, "time": start + seq / 10, "kind": event["kind"]}
            rest = {name: value for name, value in event.items() if name != "session" or event["kind"] == "run"}
            target.write(orjson.dumps(head | rest, option=orjson.OPT_APPEND_NEWLINE))


def make_folder(base, plan, happened=(), *, name="pictured", day=2):
    """A run's folder with its events, a worker that was started, and the consoles of two."""
    folder = create(base, name, datetime(2026, 1, day, 3, 4, 5))  # noqa: DTZ001
    folder.write_plan(plan)
    folder.write_recipe(RECIPE)
    record(folder, Launched(0, 0, Token("local", 1, "here", 0.0), list(range(len(plan.stacks))), 0))
    write(folder.events_file(0, 0), happened)
    save_pictures(folder.path)
    for worker in range(2):
        folder.console_file(worker).write_text(f"worker {worker} speaks\n")
    return folder


@dataclass(frozen=True)
class Seen:
    """All that a key may change, as it stands."""

    pane: str
    focus: dict
    screens: tuple
    controls: tuple
    theme: str
    sidebar: bool
    clipboard: str
    files: tuple
    left: tuple
    suspended: int
    toasts: tuple
    order: object
    overlays: tuple
    console: int | None
    playback: object
    folder: object


@dataclass
class Bench:
    """A dashboard that goes on from test to test; its feed has no thread and its clock stands still."""

    view: View
    make_source: Callable
    folder: RunFolder | None = None
    options: DashboardOptions = field(default_factory=DashboardOptions)
    cwd: Path | None = None
    """Where keys write files."""
    size: tuple = (120, 40)
    has_toasts: bool = False
    """Whether toasts are drawn; they are told in any case."""

    def __post_init__(self):
        self._runner, self._context = asyncio.Runner(), contextvars.copy_context()
        self._now = 0.0
        self.left, self.suspended, self._middle = [], [], None
        self.info, self.status = self.view.info, self.view.status
        self.app = Dashboard(self.view, folder=self.folder, options=self.options)
        self.app.exit = lambda *_, return_code=0, **__: self.left.append(int(return_code))
        self.app.action_suspend_process = lambda: self.suspended.append(True)
        self.rewind()

    def rewind(self):
        """Look at the run that the bench was made for, from its first event on."""
        app, source = self.app, self.make_source()
        if app.feed is not None:
            app.feed.stop(PATIENCE)
        self.replay = source if isinstance(source, Replay) else None
        app.feed, app.folder, app.replay = None, self.folder, self.replay
        app.main.set_class(self.replay is not None, "-replay")
        self.view.begin(self.info, self.info.blank_state())
        self.view.status = self.status
        self.feed = Feed(self.view, source, now=self._clock)
        self.advance()

    def advance(self):
        """Take in all events that are due."""
        version = None
        while self.feed.beat() and version != self.view.version:
            version = self.view.version

    def __enter__(self):
        self._running = self.app.run_test(size=self.size, notifications=self.has_toasts)
        self.pilot = self._run(self._running.__aenter__())
        self.settle()
        # Looking for garbage would take a third of the time.
        gc.disable()
        return self

    def __exit__(self, *error):
        try:
            self._run(self._running.__aexit__(*error))
        finally:
            self._runner.close()
            gc.enable()

    def _run(self, work):
        # As the runner does, without its handler of SIGINT: to take that away again `signal` spells out the whole app.
        loop = self._runner.get_loop()
        return loop.run_until_complete(loop.create_task(work, context=self._context))

    def _clock(self):
        """Reports may be made at any time: hours pass between two looks."""
        self._now += 3600
        return self._now

    async def _settle(self):
        await quiet(self.app)
        if self.app.crash is not None:
            raise RuntimeError("the dashboard has crashed") from self.app.crash
        self.advance()
        self.app.steering.tell_answers()
        if self.view.version != self.app._drawn:
            self.app.redraw()
            await quiet(self.app)

    def settle(self):
        """Until all is done and drawn that is to be done."""
        self._run(self._settle())

    def until(self, holds, what=""):
        """Until something holds."""

        async def wait():
            end = time.monotonic() + PATIENCE
            while not holds():
                assert time.monotonic() < end, f"it never came: {what() if callable(what) else what}\n{self.frame()}"
                await asyncio.sleep(0.002)
                await self._settle()

        self._run(wait())

    def press(self, *keys):
        """Press keys by Textual's names, and wait until all is done."""

        async def press_all():
            for key in keys:
                self.app.post_message(key_event(key, self.app))
                await self._settle()

        self._run(press_all())

    def type(self, text):
        """Type a text, faster than it is drawn."""

        async def type_all():
            for key in map(_character_to_key, text):
                self.app.post_message(key_event(key, self.app))
            await self._settle()

        self._run(type_all())

    def mouse(self, *what):
        """Let the mouse do things, each as (class of the event, column, row), with its left button."""

        async def do_all():
            for kind, x, y in what:
                self.app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, x, y))
                await self._settle()

        self._run(do_all())

    def click(self, x, y):
        """Press and let go of the left button in a cell of the screen."""
        self.mouse((events.MouseDown, x, y), (events.MouseUp, x, y))

    def resize(self, width, height):
        """Another size of the window."""
        self.size = (width, height)
        self.app._driver._size = Size(width, height)
        self.app.post_message(events.Resize(Size(width, height), Size(width, height)))
        self.settle()

    def call(self, function, *arguments):
        """Do something inside of the app, and wait for what comes of it."""

        async def work():
            found = function(*arguments)
            if hasattr(found, "__await__"):
                await found
            await self._settle()

        self._run(work())

    def rows(self):
        """The screen as text, one string a row."""
        return [strip.text for strip in self._strips()]

    def frame(self):
        """The screen as one text."""
        return "\n".join(row.rstrip() for row in self.rows())

    def words(self, rows=None):
        """The screen, or its rows, as words, folded texts in one line."""
        frame = self.frame() if rows is None else "\n".join(rows)
        return " ".join(frame.translate(dict.fromkeys(map(ord, "│╭╮╰╯─|"), " ")).split())

    def find(self, text):
        """(column, row) of the first cell of a text on the screen."""
        for y, row in enumerate(self.rows()):
            if text in row:
                return cell_len(row[: row.index(text)]), y
        raise AssertionError(f"{text!r} is not on the screen:\n{self.frame()}")

    def segments(self):
        """Every piece of the screen with its style."""
        return [segment for strip in self._strips() for segment in strip]

    def _strips(self):
        """The screen as it is drawn, whether the app runs just now or waits for the next key."""

        async def draw():
            return strips(self.app)

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._run(draw())
        return strips(self.app)

    def show(self, pane):
        """The pane, with nothing else on the screen, the cursor where it was, and nothing asked."""
        app = self.app
        while len(app.screen_stack) > 1:
            self.call(app.pop_screen)
        app.steering.requests, app.shutdown._armed, app._clipboard = PendingRequests(), float("-inf"), ""
        app._notifications.clear()
        self.left.clear()
        self.suspended.clear()
        for file in self.saved():
            (self.cwd / file).unlink()
        if self.folder is not None:
            self.folder.control_file.unlink(missing_ok=True)
        if app.folder is not self.folder:
            self.call(self.rewind)
        self._replay_on()
        if self.view.focus != START:
            self.view.focus = replace(START, version=self.view.focus.version + 1)
        if app.main.has_class("-trials") or app.main.has_class("-no-trials"):
            self.call(app.main.remove_class, "-trials", "-no-trials")
        if pane != app.pane.NAME:
            self.call(app.show_pane, pane)
        self.settle()

    def _replay_on(self):
        """A replay in its middle, which goes on."""
        if self.replay is not None and self.replay.playback != self._middle:
            self.replay.seek(share=0.5)
            self.replay.faster(1 / self.replay.playback.speed)
            self.advance()
            if self.replay.playback.paused:
                self.replay.pause()
            self._middle = self.replay.playback

    def saved(self):
        """The names of the files that keys have written."""
        return sorted(path.name for path in self.cwd.iterdir()) if self.cwd else []

    def controls(self):
        """What was asked of the workers: action and fields."""
        if self.folder is None or not self.folder.control_file.exists():
            return []
        lines = map(orjson.loads, self.folder.control_file.read_bytes().splitlines())
        return [{name: value for name, value in line.items() if name not in {"v", "id", "time"}} for line in lines]

    def seen(self):
        """All that a key may change."""
        app, focus = self.app, vars(self.view.focus).copy()
        del focus["version"]
        pane = app.pane
        return Seen(
            pane=pane.NAME,
            focus=focus,
            screens=tuple(type(screen).__name__ for screen in app.screen_stack[1:]),
            controls=tuple(map(str, self.controls())),
            theme=app.theme,
            sidebar=app.main.query_one("#trials").display,
            clipboard=app.clipboard,
            files=tuple(self.saved()),
            left=tuple(self.left),
            suspended=len(self.suspended),
            toasts=tuple(note.message for note in app._notifications),
            order=pane._order
            if pane.NAME == "runs"
            else pane.query_one("#table").order
            if pane.NAME == "compare"
            else None,
            overlays=tuple(overlay.name for overlay in self.view.overlays),
            console=pane._worker if pane.NAME == "log" else None,
            playback=None if self.replay is None else self.replay.playback,
            folder=app.folder,
        )


def key_event(key, app):
    """A key as the terminal's driver tells of it."""
    try:
        letter = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        letter = key if len(key) == 1 else None
    event = events.Key(key, letter)
    event.set_sender(app)
    return event
