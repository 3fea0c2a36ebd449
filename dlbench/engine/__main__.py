"""`python -m dlbench.engine RUN --session N --worker W --stacks 0,2` trains a worker's share of a run."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from dlbench.errors import DlbenchError, ExitCode
from dlbench.run.folder import RunFolder

KILLED = 137
"""What a shell shows of a program that SIGKILL ended."""


def main(arguments: Sequence[str]) -> ExitCode:
    """`RUN --session N --worker W --stacks 0,2 [--attended] [--look] [--parts FILE] [--tethered]`, as `dlbench.launch` calls it.

    A tethered one ends at once when its standard input does, which whoever started it holds open. An error that the user can act
    on is one line on the console, and the exit code is its own; 3 where the folder is gone.
    """
    parser = argparse.ArgumentParser(prog="python -m dlbench.engine", description=__doc__)
    parser.add_argument("run", type=lambda path: RunFolder(Path(path)))
    parser.add_argument("--session", type=int, required=True)
    parser.add_argument("--worker", type=int, required=True)
    parser.add_argument("--stacks", type=lambda text: [int(stack) for stack in text.split(",")], required=True)
    parser.add_argument("--attended", action="store_true")
    parser.add_argument("--look", action="store_true")
    parser.add_argument("--parts", type=Path, action="append", default=[])
    parser.add_argument("--tethered", action="store_true")
    given = parser.parse_args(arguments)
    if given.tethered:
        # Slurm warns every process of a job that its time is over; whoever holds the tether ends this one in order.
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        Thread(target=_end_with_starter, name="tether", daemon=True).start()
    received: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: received.append(number))
    # It imports torch, which takes seconds: a signal meanwhile is answered by an end in order.
    from dlbench import plugins
    from dlbench.engine.worker import Worker

    place = given.run, given.session, given.worker, given.stacks
    try:
        plugins.load_installed()
        plugins.load(given.parts)
        plugins.require(given.run.read_plan().parts, given.run.name)
        return Worker(*place, attended=given.attended, looking=given.look).run(received)
    except DlbenchError as error:
        with suppress(OSError):  # the console may be on the disk that is full
            sys.stderr.write(f"error: {error}\n")
            sys.stderr.flush()
        return error.exit_code if given.run.plan_file.is_file() else ExitCode.ENVIRONMENT


def _end_with_starter() -> None:
    """What is trained without whoever hands it on is trained in vain, and somewhere else too."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(KILLED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
