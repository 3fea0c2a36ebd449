"""Where the time of a training goes: seconds by what is done, told at its end where `[probes] profile` asks for that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from dlbench.engine.devices import wait

REST = "all else"
NOTHING = nullcontext()
PARTS = ("batches", "forward", "backward", "optimizer", "native loop", "probes", "evaluation", "events", REST)
"""What is told apart, in this order. The native loop draws no lines between forward, backward and optimizer."""


class StepClock:
    """A stop-watch that is nowhere twice: what goes on within a part is taken from it, so that the parts add up to all."""

    def __init__(self, device: torch.device, *, runs: bool) -> None:
        """Where it does not run, it costs next to nothing, and tells nothing. On a device each part waits for it."""
        self._device, self._runs = device, runs
        self._seconds = dict.fromkeys(PARTS, 0.0)
        self.first = 0  # the step at which it was begun
        self._open: list[str] = []
        self._since: float | None = None

    def on(self, part: str) -> AbstractContextManager[None]:
        """While this is open, time is that part's."""
        return self._timed(part) if self._runs else NOTHING

    def around(self, part: str, call: Callable[..., None]) -> Callable[..., None]:
        """The same function, timed as a part."""

        def timed(*arguments: Any, **fields: Any) -> None:
            with self._timed(part):
                call(*arguments, **fields)

        return timed if self._runs else call

    def told(self, until: int, trials: int) -> list[str]:
        """A sentence on the steps to before `until`, parts that took no time left out; nothing where it does not run."""
        steps, total = until - self.first, sum(self._seconds.values())
        if not self._runs or not steps or not total:
            return []
        shares = [f"{part} {own / total:.1%}" for part, own in self._seconds.items() if own]
        each = total / steps / trials * 1e6
        return [
            f"where the time went: {', '.join(shares)} of {total:.2f} s in {steps:,} steps, {each:,.3g} us a step of each trial"
        ]

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        self._book()
        self._open.append(part)
        try:
            yield
        finally:
            self._book()
            self._open.pop()

    def _book(self) -> None:
        """Give the time since the last call to the innermost part that is open."""
        wait(self._device)  # sync: what was launched within a part is done within it
        now = time.perf_counter()
        if self._since is not None:
            self._seconds[self._open[-1] if self._open else REST] += now - self._since
        self._since = now


STOPPED = StepClock(torch.device("cpu"), runs=False)
"""A clock that does not run."""
