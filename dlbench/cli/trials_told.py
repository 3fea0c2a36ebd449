"""What `dlbench repeat` says of each trial as it ends."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING

from dlbench.cli.messages import counted
from dlbench.cli.output import say
from dlbench.words.number_format import clock

if TYPE_CHECKING:
    from dlbench.launch.repeating import Ended, Repetition

HOW_TO_RECORD = (
    ": wrap its loop in `with dlbench.record(model, optimizer) as run:`, and leave out "
    "name= and out=, which come from here"
)
ALIKE = 3
"""Trials that fail alike before anything is recorded, after which no others are begun: a path is wrong, a library lacks."""


class TrialsTold:
    """Says how each trial ended, and counts those that came to their end."""

    def __init__(self, count: int) -> None:
        self._count, self._ended, self.done = count, 0, 0
        self._told: set[str] = set()
        self._last_words: list[str | None] = []
        self._began = time.monotonic()

    def tell(self, ended: Ended, repetition: Repetition) -> None:
        """Say how a trial ended; where those so far recorded nothing, and no others will, begin none."""
        self._ended += 1
        self.done += ended.ending == "done"
        say(f"[{self._ended}/{self._count}] {ended.trial.label}: {self._said(ended)}")
        if self.done or not repetition.unstarted:
            return
        if ended.ending == "silent" or self._fail_alike(ended):
            say(f"so would the others; {counted(repetition.unstarted, 'trial')} not begun")
            repetition.start_no_more()

    def _fail_alike(self, ended: Ended) -> bool:
        """Whether all have failed so far, at least three, before they recorded anything and with the same last words."""
        said = (
            re.sub(r"\d+", "0", "".join(ended.last_lines()))
            if ended.ending == "failed" and ended.state is None
            else None
        )
        self._last_words.append(said)
        return len(self._last_words) >= ALIKE and None not in self._last_words and len({*self._last_words}) == 1

    def tell_stopped(self, ended: Ended) -> None:
        """Say which trial was stopped, or has finished in time."""
        # A signal may come between the end of a recording and that of its process.
        is_done = ended.state == "done"
        self.done += is_done
        say(f"{ended.trial.label}: {'done' if is_done else 'stopped'} after {ended.seconds:.1f} s")

    def _said(self, ended: Ended) -> str:
        took = f"after {ended.seconds:.1f} s"
        if ended.ending == "done":
            return f"done {took}{self._left()}"
        if ended.ending == "silent":
            return f"ended {took} and recorded nothing here{self._once(HOW_TO_RECORD)}"
        if ended.state == "stopped" and not ended.exit_code:
            return f"was stopped {took}"
        if ended.ending == "unfinished" and ended.error:
            return f"its recording failed {took}: {ended.error}; what it printed is in {ended.log}"
        code = ending_of(ended.exit_code) if ended.exit_code else f"a recording that is {ended.state}"
        return f"failed {took} with {code}{self._end_of_log(ended)}"

    def _left(self) -> str:
        """How long the others will take, if they take as long as those before them."""
        others = self._count - self._ended
        return f", about {clock((time.monotonic() - self._began) / self._ended * others)} left" if others else ""

    def _end_of_log(self, ended: Ended) -> str:
        """The last lines of what a trial printed; of lines that were told before, but for their numbers, the last one."""
        lines = ended.last_lines()
        if not lines:
            return f"; {ended.log} is empty"
        if not self._once(re.sub(r"\d+", "0", "".join(lines))):
            return f": {lines[-1].strip()} ({ended.log})"
        return "\n".join([f"; {ended.log} ends with:", *(f"  {line}" for line in lines)])

    def _once(self, text: str) -> str:
        """A text the first time, nothing later."""
        is_new = text not in self._told
        self._told.add(text)
        return text if is_new else ""


def ending_of(code: int) -> str:
    """An exit code for people; of a process that a signal has ended, the signal."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
