"""The process of one contender: `python -m benchmarks.contender NAME '{"argument": value}'`."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import warnings

from benchmarks.lap import Finished, Lap


def main() -> None:
    """Import the contender, say that it is ready, and let it run laps until standard input ends."""
    name, arguments = sys.argv[1:]
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what a library prints must not stand between the answers
        warnings.simplefilter("ignore")
        lap = Lap(sys.stdin, answers)
        contender = importlib.import_module(f"benchmarks.contenders.{name}")
        lap.ready()
        with contextlib.suppress(Finished):
            contender.run(lap, **json.loads(arguments))


if __name__ == "__main__":
    main()
