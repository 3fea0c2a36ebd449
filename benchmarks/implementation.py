"""The process of one implementation: `python -m benchmarks.implementation NAME '{"argument": value}'`."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import warnings

from benchmarks.timer import Finished, Timer


def main() -> None:
    """Import the implementation, say that it is ready, and let it run laps until standard input ends."""
    name, arguments = sys.argv[1:]
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what a library prints must not stand between the answers
        warnings.simplefilter("ignore")
        lap = Timer(sys.stdin, answers)
        implementation = importlib.import_module(f"benchmarks.implementations.{name}")
        lap.ready()
        with contextlib.suppress(Finished):
            implementation.run(lap, **json.loads(arguments))


if __name__ == "__main__":
    main()
