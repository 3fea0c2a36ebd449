"""`light_cli.py BEHAVIOUR ARGUMENTS` is `dlbench ARGUMENTS` whose workers are the fake ones of `tests/run`, which load no torch."""

import subprocess
import sys
from pathlib import Path

FAKE = Path(__file__).parents[1] / "run" / "fake_worker.py"


def words_of(*arguments, workers=None):
    """What Python is told to be the command line; `workers` is how fake ones behave that stand for its own."""
    return ["-m", "dlbench", *arguments] if workers is None else [__file__, workers, *arguments]


def with_fake_workers(behaviour, true_popen=subprocess.Popen):
    """Processes as they are, but for one that would train."""

    class LightPopen(true_popen):
        def __init__(self, words, **options):
            if "dlbench.engine" in words:
                words = [words[0], str(FAKE), behaviour, *words[words.index("dlbench.engine") + 1 :]]
            super().__init__(words, **options)

    return LightPopen


if __name__ == "__main__":
    from dlbench.cli import main

    subprocess.Popen = with_fake_workers(sys.argv.pop(1))
    main()
