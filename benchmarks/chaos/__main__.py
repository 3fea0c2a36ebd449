"""`python -m benchmarks.chaos`: kill, damage, fill and break, and print what came of it."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.chaos import damage, surroundings
from benchmarks.chaos.bench import Bench, numbers
from benchmarks.chaos.kills import Chain
from benchmarks.chaos.tally import Tally
from dlbench.run.folder import RunFolder

KILLS, QUICK_KILLS = 100, 3


def main(
    kills: Annotated[int | None, typer.Option(min=1, help="How many kills at least.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Chains of kills at once.")] = 2,
    seed: Annotated[int | None, typer.Option(help="Of what happens when; each time another, if not given.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="A few of each kind.")] = False,
) -> None:
    """Disturb runs in every way, and count those that end with another table, or without a word."""
    seed = random.SystemRandom().randrange(2**31) if seed is None else seed
    began, tally, console = time.monotonic(), Tally(), Console(width=100)
    with tempfile.TemporaryDirectory(prefix="dlbench-chaos-") as place:
        base = Path(place)
        whole, span = undisturbed(Bench(base / "undisturbed"))
        most = kills or (QUICK_KILLS if quick else KILLS)
        phases = killed(base, whole, span, tally, most, 1 if quick else jobs, seed)
        disturbed(base, whole, tally, random.Random(seed), quick=quick)  # noqa: S311
    console.print(tally.table())
    console.print("kills by what they fell into:", ", ".join(f"{name} {n}" for name, n in sorted(phases.items())))
    for text in (*tally.skipped, *tally.faults):
        console.print(f"- {text}", highlight=False, markup=False)
    console.print(f"seed {seed}, {time.monotonic() - began:.0f} s")
    raise typer.Exit(1 if tally.lost or tally.faults else 0)


def undisturbed(bench: Bench) -> tuple[RunFolder, float]:
    """A run that nobody disturbs, and how many seconds it took."""
    began = time.monotonic()
    process = bench.run()
    if process.wait():
        raise typer.BadParameter(f"an undisturbed run fails: {process.said}")
    found = bench.newest()
    assert found is not None
    return found, time.monotonic() - began


def killed(base: Path, whole: RunFolder, span: float, tally: Tally, most: int, jobs: int, seed: int) -> Counter[str]:
    """Chains of kills until there were enough; how many fell into which phase."""
    expected, phases = numbers(whole), Counter[str]()
    number = 0

    def chain(number: int) -> Chain:
        rng = random.Random(f"{seed} {number}")  # noqa: S311
        found = Chain(Bench(base / f"chain-{number}"), rng, span, tally, min(8, most))
        try:
            found.run(expected)
        finally:
            found.bench.end()
        return found

    with ThreadPoolExecutor(jobs) as threads:
        while phases.total() < most:
            for done in threads.map(chain, range(number, number + jobs)):
                phases.update(done.phases)
            number += jobs
    return phases


def disturbed(base: Path, whole: RunFolder, tally: Tally, rng: random.Random, *, quick: bool) -> None:
    """Everything else that can happen to a run."""
    expected = numbers(whole)
    half = damage.Half(Bench(base / "half"))
    damage.checkpoints(half, rng, tally, expected, ["a flipped bit"] if quick else list(damage.WAYS))
    damage.events(whole, rng, tally, expected, 1 if quick else 20)
    damage.arrays(whole, rng, tally, expected, list(damage.WAYS))
    damage.clock(half.resumed(), rng, tally, expected, 2 if quick else 20)
    surroundings.at_once(Bench(base / "at-once"), tally, expected, 0 if quick else 3)
    surroundings.full_disk(Bench(base / "full"), tally, expected, [90] if quick else list(surroundings.DISKS))
    surroundings.small_files(Bench(base / "small"), tally, expected, [] if quick else list(surroundings.LIMITS))
    surroundings.moved_away(Bench(base / "moved"), tally, expected, 1 if quick else 5)
    surroundings.broken_pictures(Bench(base / "pictures"), rng, tally)


if __name__ == "__main__":
    typer.run(main)
