"""A checkout of dlbench: it trains recipes and tells of runs, in processes of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SEVERAL = Path(__file__).with_name("several.py")

TRAINING = ("--device", "cpu", "--workers", "1", "--threads", "1", "--display", "none")
"""One worker with one thread on the CPU: the same bits, whatever the machine does meanwhile."""


@dataclass(frozen=True)
class Case:
    """A recipe, in its quick version or in full."""

    recipe: str
    is_quick: bool = True

    def __str__(self) -> str:
        return f"{self.recipe}.{'quick' if self.is_quick else 'full'}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """How verbs are told of it."""
        return (self.recipe, "--quick") if self.is_quick else (self.recipe,)


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    errors: str


class TrainingError(Exception):
    """A checkout that cannot train a recipe, with what it said."""


@dataclass(frozen=True)
class Checkout:
    """The dlbench of a folder, run by an interpreter that has what it needs.

    Its runs and answers lie under `keep`, by its commit, and are not made again; of files that are in no commit nothing is.
    """

    folder: Path
    python: str
    keep: Path

    @cached_property
    def commit(self) -> str:
        """Its commit, with `-dirty` and a number of this process behind it where files differ from it."""
        command = ["git", "-C", str(self.folder), "describe", "--always", "--abbrev=12", "--exclude=*"]
        done = subprocess.run([*command, f"--dirty=-dirty-{os.getpid()}"], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def imports(self) -> str:
        """Where the dlbench lies that its commands run; nothing where there is none."""
        return self._python("-c", "import dlbench; print(dlbench.__file__)").out.strip()

    def recipes(self) -> Sequence[str]:
        """The names of the recipes that it ships."""
        return sorted(file.stem for file in (self.folder / "recipes").glob("*.toml"))

    def run_of(self, case: Case) -> Path:
        """The folder of its run of a case, trained unless it is kept; raises TrainingError."""
        home = self.keep / self.commit / str(case)
        if not home.exists():
            part = home.with_name(f"{case}.part-{os.getpid()}")
            said = self._python("-m", "dlbench", "run", *case.arguments, *TRAINING, "--out", str(part))
            if said.code:
                raise TrainingError(f"{self.folder} cannot train {case}: {said.errors.strip()}")
            part.rename(home)
        return max(home.glob("*/*/plan.json")).parent

    def says(self, commands: Sequence[Sequence[str]], beside: Path) -> list[Said]:
        """What its `dlbench` says to several commands; kept `beside` the run that they are about."""
        kept = beside.parent.parent / f"said-by-{self.commit}.json"
        known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        if missing := [list(command) for command in commands if shlex.join(command) not in known]:
            done = self._python(str(SEVERAL), given=json.dumps(missing))
            known |= dict(zip(map(shlex.join, missing), json.loads(done.out), strict=True))
            kept.write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
        return [Said(**known[shlex.join(command)]) for command in commands]

    def _python(self, *arguments: str, given: str = "") -> Said:
        """Run its Python in its folder, with one thread, and a terminal that breaks no line."""
        ours = {"PYTHONPATH": str(self.folder), "DLBENCH_LANG": "en", "COLUMNS": "400", "NO_COLOR": "1"}
        ours |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        command, variables = [self.python, *arguments], os.environ | ours
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, input=given, cwd=self.folder, env=variables
        )
        return Said(done.returncode, done.stdout, done.stderr)
