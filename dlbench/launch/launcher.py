"""What a launcher promises: to start workers somewhere, and to say later, of a token, what has become of them.

Everything else reads the run's folder. So whoever starts workers where that folder is not, carries it there and back himself, for
as long as one of his workers is alive: each worker's events into its own file, which has one writer, in their order and at the
latest about a second after they were told; checkpoints whole, under their names, and after the events before them; new lines of the
controls to every worker. A worker is `dlbench.engine.worker.Worker` with the numbers of its assignment; what it prints goes to its
console file, where the reason is looked for if it dies without an `end`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from dlbench.plugins import PartsFile
from dlbench.run.folder import RunFolder
from dlbench.run.workers import Token


@dataclass(frozen=True)
class Assignment:
    """What a worker is told: where the plan is and its events and checkpoints go, who it is, and what it trains.

    `attended`: someone is there who lets the run go on, so that the recipe's breakpoints pause it. `looking`: it takes the
    first step of each stack with its probe, and no other. `parts` are files of parts to load first.
    """

    folder: RunFolder
    session: int
    worker: int
    stacks: list[int]
    threads: int
    attended: bool = False
    looking: bool = False
    parts: Sequence[PartsFile] = ()


class Launcher(Protocol):
    """Starts workers, and knows them by their tokens from then on.

    Tokens are written into the run's folder and outlive the process that called `start`: `is_alive`, `stop` and `describe` answer
    for those of any process, `exit_code` only where it is known. None of the four raises; each is asked several times a
    second and answers from what is known by then, within milliseconds.
    """

    @property
    def name(self) -> str:
        """The launcher in its tokens; no two have the same."""

    def start(self, assignments: Sequence[Assignment]) -> Iterator[Token]:
        """Start a worker for each assignment, in their order, and give its token at once, before the next is started.

        A worker outlives its starter where it can: neither Ctrl-C nor a closed terminal reaches it. Raises OSError where one
        cannot be started; whoever called then stops the others.
        """

    def is_alive(self, token: Token, seen: float) -> bool:
        """Whether a worker is at work, or may still be; `seen` is its last sign of life in unix seconds, if no other is known."""

    def stop(self, token: Token, *, force: bool) -> bool:
        """Have a worker end after its step, with a checkpoint; with `force` at once. Returns whether it was there to be told.

        Comes back at once. It is the second way: a worker that listens is asked by a control.
        """

    def exit_code(self, token: Token) -> int | None:
        """What a worker that this very object started ended with; None while it is alive."""

    def describe(self, token: Token) -> str:
        """Who a worker is, for someone who looks for it with other tools: `pid 4711 on host`."""
