"""`python -m benchmarks`: measure the comparisons, print what came out, write it down."""

from __future__ import annotations

import os
import random
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import mnist
from benchmarks.cases import CASES
from benchmarks.cases.scale import Scale
from benchmarks.comparison import Outcome
from benchmarks.environment import environment
from benchmarks.report import Report
from benchmarks.runner import measure


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"Cases to measure: {', '.join(CASES)}.")] = None,
    threads: Annotated[str, typer.Option(help="Numbers of torch's threads, one comparison each.")] = "1,2",
    out: Annotated[Path, typer.Option(help="Folder for benchmarks.json and benchmarks.md.")] = Path("results"),
    seed: Annotated[int, typer.Option(help="Of the order in which implementations run.")] = 0,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Tiny sizes: does it work at all?")] = False,
) -> None:
    """Measure dlbench against its peers, side by side, and print the ratios."""
    names = list(CASES) if not only else _known(only)
    counts = _counts(threads)
    with tempfile.TemporaryDirectory() as folder:
        data = _data(Path(folder))
        where = environment(shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]]), data, counts)
        report = Report(where, _outcomes(names, Scale(quick=quick), counts, random.Random(seed)))  # noqa: S311
    report.show(Console())
    for path in report.write(out):
        print(path)
    raise typer.Exit(1 if report.failures() else 0)


def _outcomes(names: list[str], scale: Scale, counts: list[int], rng: random.Random) -> list[Outcome]:
    narrator = Console(stderr=True)
    outcomes: list[Outcome] = []
    for name in names:
        started = time.perf_counter()
        outcomes += measure(name, CASES[name](scale), counts, rng)
        narrator.print(f"{name}: {time.perf_counter() - started:.0f} s", highlight=False)
    return outcomes


def _known(only: list[str]) -> list[str]:
    unknown = [name for name in only if name not in CASES]
    if unknown:
        raise typer.BadParameter(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}", param_hint="--only")
    return only


def _counts(threads: str) -> list[int]:
    counts = [int(word) if word.strip().isdigit() else 0 for word in threads.split(",")]
    if min(counts) < 1:
        raise typer.BadParameter(f"{threads!r} is not a list of numbers such as 1,2", param_hint="--threads")
    return counts


def _data(folder: Path) -> str:
    """Let DLBENCH_DATA name the MNIST that every implementation reads, and say which it is."""
    found = mnist.find()
    os.environ["DLBENCH_DATA"] = str(found or mnist.make_random(folder))
    return "MNIST" if found else "random pixels and labels in files of MNIST's form and size"


if __name__ == "__main__":
    typer.run(main)
