"""How long it takes to look at runs: `python -m benchmarks.views`; seconds of processor time of whole commands, the best of some.

A run of 10,000 trials is made up (`synthetic_runs.py`), and so are 2,000 folders of small ones; with `--run FOLDER` a run that is
there is looked at in the place of the first. What is kept of finished runs is removed before each command, but for the rows that
end in "kept": before their rounds the command has run once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.synthetic_runs import Size, write_run
from dlbench.run.kept import FOLDER

LARGE = Size(layers=2, seeds=5000, probes=10)
SMALL = Size(layers=2, seeds=3, evaluations=20, probes=10)
FOLDERS = 2_000
ROUNDS = 3
TYPER = "python -c 'import typer'"
DLBENCH = [sys.executable, "-m", "dlbench"]


@dataclass(frozen=True)
class Looked:
    """What a command took: seconds of processor time at best, and the most memory in megabytes."""

    seconds: float
    megabytes: float


def cost_of(command: Sequence[str], rounds: int, forgetting: Path | None = None) -> Looked:
    """The cost of a command whose output nobody reads; it must succeed. Before each round what is kept under a folder is removed."""
    found = []
    for _ in range(rounds):
        for kept in [] if forgetting is None else list(forgetting.rglob(FOLDER)):
            shutil.rmtree(kept)
        found.append(_cost_once(command))
    return Looked(min(one.seconds for one in found), max(one.megabytes for one in found))


def _cost_once(command: Sequence[str]) -> Looked:
    """By the system's own account of one child, which `wait4` has."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Looked(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def views_of(run: Path) -> dict[str, list[str]]:
    """The commands that look at one run, by what a person calls them."""
    named = str(run)
    return {
        "table": [*DLBENCH, "table", named],
        "table --json": [*DLBENCH, "table", "--json", named],
        "export --what trials": [*DLBENCH, "export", "--what", "trials", named],
        "diagnose": [*DLBENCH, "diagnose", named],
    }


def many_folders(out: Path, count: int) -> None:
    """So many finished runs of a few trials each, copies of one, under names of their own."""
    first = write_run(out, SMALL).path
    for number in range(1, count):
        hours, rest = divmod(number, 3600)
        shutil.copytree(first, first.parent / f"20200101-{hours:02d}{rest // 60:02d}{rest % 60:02d}")


def modules_of_table(run: Path) -> int:
    """How many modules of the package `dlbench table` loads, where what it shows is kept."""
    code = (
        f"import sys\nsys.argv[1:] = ['table', {str(run)!r}]\nfrom dlbench.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sum(name.split('.')[0] == 'dlbench' for name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stderr.splitlines()[-1])


def main() -> None:
    """Measure, and print a row each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="a run to look at, in the place of one that is made up")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of how many the best counts")
    parser.add_argument("--folders", type=int, default=FOLDERS, help="how many runs `dlbench runs` lists")
    wanted = parser.parse_args()
    shown = Table("view", "seconds", "MB", "of `import typer`", box=None)
    with tempfile.TemporaryDirectory() as out:
        small = write_run(Path(out) / "small", SMALL).path  # first: what is younger than two seconds is not kept
        large = wanted.run or write_run(Path(out) / "large", LARGE).path
        many_folders(Path(out) / "many", wanted.folders)
        commands = {TYPER: [sys.executable, "-c", "import typer"], "--help": [*DLBENCH, "--help"]}
        found = {name: cost_of(command, wanted.rounds) for name, command in commands.items()}
        looks = {"table of a small run": (views_of(small)["table"], small)}
        looks |= {f"{name} of the large run": (command, large) for name, command in views_of(large).items()}
        many = Path(out) / "many"
        looks[f"runs over {wanted.folders:,} folders"] = ([*DLBENCH, "runs", "--out", str(many)], many)
        for name, (command, place) in looks.items():
            found[name] = cost_of(command, wanted.rounds, forgetting=place)
            if any(place.rglob(FOLDER)):
                found[f"{name}, kept"] = cost_of(command, wanted.rounds)
        for name, one in found.items():
            ratio = one.seconds / found[TYPER].seconds
            shown.add_row(name, f"{one.seconds:.2f}", f"{one.megabytes:.0f}", f"{ratio:.2f}")
        console = Console(file=sys.stdout, width=120)
        console.print(shown)
        console.print(f"modules of the package that `table` of the small run loads, kept: {modules_of_table(small)}")


if __name__ == "__main__":
    main()
