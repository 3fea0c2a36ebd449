"""The view: everything that the screens draw. A thread feeds it, the screens read it under its lock."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from dlbench.plan import Plan
from dlbench.plan.questions import Questions
from dlbench.run.folder import RunFolder
from dlbench.run.group import recordings_in
from dlbench.state.pictures import PictureReader
from dlbench.state.run_state import RunState
from dlbench.tui.model.buckets import BucketCache
from dlbench.tui.model.focus import Focus

if TYPE_CHECKING:
    from dlbench.analysis.diagnosis.diagnose import Diagnosis
    from dlbench.analysis.diagnosis.finding import Finding
    from dlbench.analysis.scene import Staged
    from dlbench.analysis.summary import Report
    from dlbench.launch.machine import MachineUsage

Version: TypeAlias = tuple[int, int, int]

CURVES_KEPT, LAYERS_KEPT = 256, 24
"""Reduced histories that a view keeps: of evaluations, one number a trial; of probes, one number a layer."""
PICTURES_KEPT = 8
"""Files of pictures, of one trial each."""


@dataclass(frozen=True)
class RunInfo:
    """What a run is about, known before its first event: its name, its plan, and what is asked of it."""

    name: str
    plan: Plan
    questions: Questions = field(default_factory=Questions)
    folder: RunFolder | None = None
    """Where its predictions are read, if its recipe combines them, and what its trials got right."""
    is_whole: bool = True
    """Whether the questions are known; those of a run of version 0.1.0 a feed reads of its recipe before the first event."""

    def blank_state(self) -> RunState:
        """A state before the first event."""
        state = RunState(self.plan, solved=self.questions.compare.solved)
        state.recordings = recordings_in(self.folder)
        return state

    def report(self, state: RunState) -> Report:
        """The table, the ensembles and the verdicts of a state."""
        from dlbench.analysis.summary import report

        return report(state, self.questions, self.folder)


@dataclass(frozen=True)
class Playback:
    """Where a replay stands: seconds of the run's own time, how fast they pass, and whether they do."""

    position: float
    length: float
    speed: float
    paused: bool


@dataclass(frozen=True)
class Overlay:
    """Another run whose curves are drawn beside this one's."""

    name: str
    state: RunState


class Reading:
    """What is read of one run: written by one feed, under its lock, and looked at by any number of views.

    `lock` is held by the feed while it folds events (for a few hundredths of a second at most) and by the screens while
    they draw.
    """

    def __init__(self, info: RunInfo) -> None:
        self.info = info
        self.lock = RLock()
        self.state = info.blank_state()
        self.report: Report | None = None
        """The table and the verdicts as of a second ago or less; `None` before a view has wanted it."""
        self.report_wanted_by: set[View] = set()
        self.machine: MachineUsage | None = None
        """What this machine does, as of two seconds ago or less; `None` while nobody has wanted to know, or no worker is here."""
        self.machine_wanted_by: set[View] = set()
        self.loading: float | None = 0.0
        """Share of the events on disk that are read, while opening; `None` once all are."""
        self.status = "running"
        """How the run stands, told from its processes (`dlbench.launch.status.State`)."""
        self.to_come: int | None = None
        """Of a group on which a `dlbench repeat` is at work, how many trials that has still to begin."""
        self.playback: Playback | None = None
        """Of a replay."""
        self.problem: str | None = None
        """Why the source can tell no more: events of a newer version, a folder that went."""
        self.touched = 0
        """Grows with every change of anything but the state."""
        self.curves = BucketCache(CURVES_KEPT)
        """Evaluations, reduced for the pictures."""
        self.layers = BucketCache(LAYERS_KEPT)
        """Probes, reduced for the pictures."""
        self.pictures = PictureReader(PICTURES_KEPT)
        """Filters and reconstructions."""
        self.diagnoses: dict[int, Diagnosis] = {}
        """What is wrong with a trial, by its index."""

    def begin(self, info: RunInfo, state: RunState) -> None:
        """Begin again with another state: what was known and reduced of the old one is forgotten."""
        with self.lock:
            self.info, self.state, self.report, self.machine = info, state, None, None
            for kept in (self.curves, self.layers, self.pictures, self.diagnoses):
                kept.clear()
            self.touch()

    def touch(self) -> None:
        """Say that something has changed that the state does not count."""
        self.touched += 1


Read = TypeVar("Read")


class OfReading(Generic[Read]):
    """An attribute of a view that is the attribute of the same name of its reading."""

    def __set_name__(self, owner: type[View], name: str) -> None:
        self._name = name

    def __get__(self, view: View, owner: type[View]) -> Read:
        found: Read = getattr(view.reading, self._name)
        return found

    def __set__(self, view: View, value: Read) -> None:
        setattr(view.reading, self._name, value)


class View:
    """One run as one pair of eyes looks at it: a reading, and what is chosen of it.

    Screens read it under its lock. What is chosen is the view's own; everything else is its reading's, written by the feed.
    """

    info = OfReading[RunInfo]()
    lock = OfReading[AbstractContextManager[bool]]()
    state = OfReading[RunState]()
    report = OfReading["Report | None"]()
    machine = OfReading["MachineUsage | None"]()
    loading = OfReading["float | None"]()
    status = OfReading[str]()
    to_come = OfReading["int | None"]()
    playback = OfReading["Playback | None"]()
    problem = OfReading["str | None"]()
    curves = OfReading[BucketCache]()
    layers = OfReading[BucketCache]()
    pictures = OfReading[PictureReader]()
    diagnoses = OfReading["dict[int, Diagnosis]"]()

    def __init__(self, info: RunInfo, reading: Reading | None = None) -> None:
        self.reading = reading or Reading(info)
        self.focus = Focus()
        self.scene: Staged | None = None
        """The lesson's scene as it was last put on the screen; `focus.on_scene` says whether it still is."""
        self.overlays: list[Overlay] = []
        self._touched = 0

    @property
    def wants_report(self) -> bool:
        """Whether the table is looked at."""
        return self in self.reading.report_wanted_by

    @wants_report.setter
    def wants_report(self, wanted: bool) -> None:
        """Have the feed make the table, or no longer."""
        (set.add if wanted else set.discard)(self.reading.report_wanted_by, self)

    @property
    def wants_machine(self) -> bool:
        """Whether it is looked at what the machine does."""
        return self in self.reading.machine_wanted_by

    @wants_machine.setter
    def wants_machine(self, wanted: bool) -> None:
        """Have the feed look at the machine, or no longer."""
        (set.add if wanted else set.discard)(self.reading.machine_wanted_by, self)

    @property
    def version(self) -> Version:
        """Something else whenever anything has changed that a screen may show."""
        return self.state.version, self.focus.version, self.reading.touched + self._touched

    def findings(self, trial: int) -> list[Finding]:
        """What is wrong with a trial now, the worst first."""
        from dlbench.analysis.diagnosis.diagnose import Diagnosis

        if trial not in self.diagnoses:
            self.diagnoses[trial] = Diagnosis(self.state.trials[trial])
        return self.diagnoses[trial].now()

    def begin(self, info: RunInfo, state: RunState) -> None:
        """Look at another state of the same reading."""
        self.reading.begin(info, state)

    def turn_to(self, reading: Reading) -> None:
        """Look at another run from its beginning; the measure stays."""
        self.leave()
        focus = Focus(version=self.focus.version + 1, measure=self.focus.measure)
        self.reading, self.focus, self.scene = reading, focus, None
        self.overlays.clear()

    def leave(self) -> None:
        """Want nothing more of the reading."""
        self.wants_report = self.wants_machine = False

    def touch(self) -> None:
        """Say that something has changed that neither state nor focus count."""
        self._touched += 1
