"""What the diagnosis costs a training that somebody watches: `python -m benchmarks.diagnosing`.

Three lessons are trained by one worker, with the probes and evaluations of a whole run. Its events then come once more, in the time of
the training's own processor, to a viewer that asks for the findings of the trial in focus twice a frame, as the dashboard does with
every frame, and for those of all trials when the stack ends, as each display and table does. What that takes of the processor stands
over what the training took, for the frames as a share; what comes after the end is told in milliseconds. Folding the events and
drawing are no diagnosis, and are not counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.lessons import RECIPES
from dlbench.analysis.diagnosis.diagnose import Diagnosis, diagnose
from dlbench.engine.worker import Worker
from dlbench.errors import ExitCode
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder, create
from dlbench.state.run_state import RunState
from dlbench.tui.terminal import LOCAL_FRAMES

AIM = 0.01


@dataclass(frozen=True)
class WatchedLesson:
    """What is trained: a lesson, how many trials of it in one stack, and how many steps."""

    title: str
    lesson: str
    trials: int
    steps: int


LESSONS = (
    WatchedLesson("XOR, nine hidden layers, 30 trials", "xor", 30, 10_000),
    WatchedLesson("MNIST, 784-256-256-10, one trial", "mnist", 1, 3_000),
    WatchedLesson("MNIST, two convolutions, one trial", "cnn", 1, 600),
)


@dataclass(frozen=True)
class WatchingCost:
    """Seconds of the processor."""

    training: float
    frames: float
    """What the frames' findings took, and how many frames there were."""
    drawn: int
    end: float

    @property
    def share(self) -> float:
        """What the frames' findings took over what the training did, while it went on."""
        return self.frames / self.training


def measured(own: WatchedLesson, base: Path) -> WatchingCost:
    """Train a lesson, then watch it."""
    recipe = load(RECIPES / f"{own.lesson}.toml", [f"train.steps={own.steps}", f"trials.seeds={own.trials}"])
    folder = create(base, own.lesson, datetime.now(UTC))
    folder.write_plan(make_plan(recipe, device="cpu", workers=1))
    ended: list[ExitCode] = []
    took = _seconds(lambda: ended.append(Worker(folder, 0, 0, [0]).run()))
    assert ended == [ExitCode.DONE], folder
    return _watched(folder, took)


def _watched(folder: RunFolder, training: float) -> WatchingCost:
    state = RunState(folder.read_plan())
    events = EventReader(folder, histograms=False).poll()
    begin, length = events[0]["time"], events[-1]["time"] - events[0]["time"]
    diagnosis, frames, drawn, due = Diagnosis(state.trials[0]), 0.0, 0, 0.0
    for event in events:
        state.apply([event])
        now = (event["time"] - begin) / length * training
        while now >= due:
            frames += _seconds(diagnosis.now) + _seconds(diagnosis.now)
            drawn, due = drawn + 1, due + 1 / LOCAL_FRAMES
    return WatchingCost(training, frames, drawn, _seconds(lambda: diagnose(state)))


def _seconds(do: Callable[[], object]) -> float:
    began = time.process_time()
    do()
    return time.process_time() - began


def main() -> None:
    """Measure each lesson so many times, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosing", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[own.lesson for own in LESSONS], action="append")
    options = parser.parse_args()
    rounds = options.rounds
    for own in (one for one in LESSONS if one.lesson in (options.only or [one.lesson])):
        with TemporaryDirectory() as base:
            found = [measured(own, Path(base)) for _ in range(rounds)]
        middle = sorted(found, key=lambda one: one.share)[len(found) // 2]
        print(
            f"{own.title}: {100 * middle.share:.2f} % of {middle.training:.1f} s "
            f"({', '.join(f'{100 * one.share:.2f}' for one in found)}; aim {100 * AIM:.0f}), {middle.drawn} frames; "
            f"at the end {1000 * middle.end:.0f} ms for {own.trials} trials",
            flush=True,
        )


if __name__ == "__main__":
    main()
