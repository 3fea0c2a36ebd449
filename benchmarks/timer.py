"""The implementation's side of a comparison: wait for an order, do a lap, answer with its seconds."""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import dataclass
from typing import TextIO


class Finished(Exception):  # noqa: N818 - nothing went wrong
    """No more laps are asked for; the implementation's `run` lets it pass through."""


@dataclass(frozen=True)
class Order:
    """What one lap is asked to be: how many threads torch may use, and whether it only warms up."""

    threads: int | None
    warm_up: bool


class Timer:
    """A stop-watch that starts when it is told to.

    `start` ends the lap that is running, waits for the next order, sets torch's threads and starts the clock, so that an
    endless loop (or a framework's "epoch begins" callback) only calls `start`. `wait` takes the order without starting the
    clock yet, for implementations that have something to lay out first; `stop` ends a lap before its clean-up.
    """

    def __init__(self, orders: TextIO, answers: TextIO) -> None:
        self._orders = orders
        self._answers = answers
        self._order: Order | None = None
        self._started: float | None = None

    def wait(self) -> Order:
        """The next order; raises `Finished` when there is none."""
        self.stop()
        line = self._orders.readline()
        if not line:
            raise Finished
        self._order = Order(**json.loads(line))
        torch = sys.modules.get("torch")
        if torch is not None and self._order.threads is not None:
            torch.set_num_threads(self._order.threads)
        return self._order

    def start(self) -> None:
        """Start the clock on the order in hand, or on the next one."""
        if self._order is None or self._started is not None:
            self.wait()
        self._started = time.perf_counter()

    def stop(self) -> None:
        """Stop the clock, if it runs, and answer."""
        if self._started is None:
            return
        self.answer(time.perf_counter() - self._started)

    def answer(self, seconds: float) -> None:
        """Answer the order in hand with `seconds`, which a implementation may have timed by itself."""
        self._started = self._order = None
        self._say({"seconds": seconds, "peak_mb": peak_mb()})

    def ready(self) -> None:
        """Say that the imports are over and work may be asked for; the memory until here is the imports'."""
        self._say({"ready_mb": peak_mb()})

    def _say(self, message: dict[str, float]) -> None:
        self._answers.write(json.dumps(message) + "\n")
        self._answers.flush()


def peak_mb() -> float:
    """The largest resident set of this process so far, in MB (10^6 bytes); processes that it started are not in it."""
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kibibytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
