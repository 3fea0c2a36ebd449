"""The folder of a run: where each file is, creating a new one, finding an old one."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from dlbench.errors import DlbenchError, UsageError, hint, shortened
from dlbench.files import is_file, is_folder, read_file
from dlbench.plan import PLAN_VERSION, Plan
from dlbench.plan.recorded import as_data
from dlbench.run.atomic import locked, write_json_atomic, write_text_atomic

STAMP = "%Y%m%d-%H%M%S"
"""How a run's folder is named: the local time of its start, with `-2` and so on where that is taken."""

LONGEST = 256 * 2**20
"""Bytes of a file beyond which it is none that dlbench wrote to be read whole."""

LONGEST_NAME = 100
"""Bytes of a recipe's name that its folder has; systems take 255."""

_EVENTS_FILE = re.compile(r"s(\d+)-w(\d+)\.(jsonl|arrays)")


@dataclass(frozen=True)
class RunFolder:
    """The files of one run by their names; making the object touches no disk."""

    path: Path

    @cached_property
    def _place(self) -> Path:
        return self.path.resolve()

    @property
    def recipe(self) -> str:
        """The name of the recipe, which is the name of the folder above."""
        return self._place.parent.name

    @property
    def name(self) -> str:
        """The run as people name it: `xor-nine-layers/20261123-153012`."""
        return f"{self.recipe}/{self._place.name}"

    @property
    def recipe_file(self) -> Path:
        """The recipe with the command line's changes."""
        return self.path / "recipe.toml"

    @property
    def plan_file(self) -> Path:
        """The plan; a folder is a run once this is there."""
        return self.path / "plan.json"

    @property
    def env_file(self) -> Path:
        """Versions, device, host and command."""
        return self.path / "env.json"

    @property
    def events(self) -> Path:
        """The folder of event files."""
        return self.path / "events"

    @property
    def control_file(self) -> Path:
        """What viewers asked for."""
        return self.path / "control.jsonl"

    @property
    def workers_file(self) -> Path:
        """Which processes were started, one line each."""
        return self.path / "workers.jsonl"

    @property
    def adding_file(self) -> Path:
        """Locked by whoever adds seeds to the run."""
        return self.path / ".adding"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    def predictions_file(self, stack: int) -> Path:
        """What a stack's trials said of the test data in the end, where the recipe keeps that."""
        return self.path / "predictions" / f"stack-{stack}.npz"

    def weights_file(self, stack: int) -> Path:
        """The weights that a stack's trials ended with, where the recipe keeps them."""
        return self.path / "weights" / f"stack-{stack}.safetensors"

    def correct_file(self, stack: int) -> Path:
        """Which test samples a stack's trials were right about in the end."""
        return self.path / "correct" / f"stack-{stack}.npz"

    def pictures(self, stack: int) -> Path:
        """The folder of a stack's pictures of its layers."""
        return self.path / "pictures" / f"stack-{stack}"

    @property
    def summary_file(self) -> Path:
        """A cache of the report."""
        return self.path / "summary.json"

    def events_file(self, session: int, worker: int) -> Path:
        """The one file that this worker writes in this session."""
        return self.events / f"s{session:03d}-w{worker}.jsonl"

    def checkpoint_file(self, stack: int) -> Path:
        """The newest checkpoint of a stack."""
        return self.checkpoints / f"stack-{stack}.pt"

    def console_file(self, worker: int) -> Path:
        """What the worker's process printed, all sessions together."""
        return self.path / f"console-w{worker}.log"

    def events_files(self) -> list[tuple[int, int, Path]]:
        """The event files that are there, as (session, worker, path) in this order."""
        try:
            names = [path.name for path in self.events.iterdir()]
        except OSError:
            return []
        written = ((writer_of(name), name) for name in names if name.endswith(".jsonl"))
        return sorted((*writer, self.events / name) for writer, name in written if writer)

    def lock(self) -> AbstractContextManager[None]:
        """Alone among processes while several files must change together."""
        return locked(self.path / ".lock")

    def write_plan(self, plan: Plan) -> None:
        """Write plan.json; from now on the folder is a run."""
        write_json_atomic(self.plan_file, as_data(plan))

    def read_plan(self) -> Plan:
        """Read plan.json; raises UsageError where there is none, DlbenchError where it is damaged or of another version."""
        from dlbench.plan.reading import plan_from

        if not is_file(self.plan_file):
            raise UsageError(f"{shortened(str(self.path))} is not a run: it has no plan.json")
        data = read_json(self.plan_file)
        if isinstance(data, dict) and isinstance(version := data.get("v"), int | float) and version != PLAN_VERSION:
            raise DlbenchError(
                f"this run's plan.json has version {version}, this dlbench reads version {PLAN_VERSION}; "
                "use the dlbench that made the run"
            )
        try:
            return plan_from(data)
        except ValueError as error:
            raise DlbenchError(f"{self.plan_file}: damaged, not a plan: {error}") from error

    def write_recipe(self, text: str) -> None:
        """Write recipe.toml, the recipe as it can be run again."""
        write_text_atomic(self.recipe_file, text)

    def read_recipe(self) -> str:
        """The text of recipe.toml; raises DlbenchError where it is missing or no UTF-8."""
        try:
            return read_file(self.recipe_file, LONGEST).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise DlbenchError(f"{self.recipe_file}: cannot be read: {error}") from error


def previous(checkpoint: Path) -> Path:
    """Where the checkpoint is kept that the one at this path has followed."""
    return checkpoint.with_name(f"{checkpoint.stem}.previous{checkpoint.suffix}")


def writer_of(name: str) -> tuple[int, int] | None:
    """Session and worker that wrote a file of events or of their arrays, by its name; `None` where it is none."""
    found = _EVENTS_FILE.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None


def read_json(path: Path) -> Any:
    """The data of a JSON file; raises DlbenchError where it is missing or damaged."""
    try:
        return orjson.loads(read_file(path, LONGEST))
    except OSError as error:
        raise DlbenchError(f"{path}: cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise DlbenchError(f"{path}: damaged, not JSON: {error}") from error


def folder_name(name: str) -> str:
    """The folder above the runs of a recipe, or above the recordings of a name."""
    whole = re.sub(r"[^\w.+-]+", "-", name)
    return whole.encode(errors="replace")[:LONGEST_NAME].decode(errors="ignore").strip(".-") or "recipe"


def create(base: Path, recipe_name: str, now: datetime) -> RunFolder:
    """Make `base/<recipe>/<time stamp>` with its empty folders; no two callers ever get the same one."""
    name = folder_name(recipe_name)
    stamp = now.strftime(STAMP)
    for attempt in count(1):
        path = base / name / (stamp if attempt == 1 else f"{stamp}-{attempt}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not path.is_dir():
                raise
            continue
        folder = RunFolder(path)
        folder.events.mkdir()
        folder.checkpoints.mkdir()
        return folder
    raise AssertionError


def find_runs(base: Path) -> list[RunFolder]:
    """Every run under `base`, newest first by its time stamp, or by its plan's file time where someone renamed it."""
    return sorted(_with_plans(base, "*/*"), key=age, reverse=True)


def runs_of_name(folder: Path) -> list[RunFolder]:
    """Every run in the folder of a name, such as `results/mine`, oldest first; none where there is no such folder."""
    return sorted(_with_plans(folder, "*"), key=age)


def _with_plans(base: Path, places: str) -> list[RunFolder]:
    return [RunFolder(plan.parent) for plan in base.glob(f"{places}/plan.json")] if is_folder(base) else []


def age(folder: RunFolder) -> tuple[str, int, str]:
    """What runs are sorted by, oldest first: their time stamp, its number, their name."""
    match = re.fullmatch(r"(\d{8}-\d{6})(?:-(\d+))?", folder.path.name)
    if match:
        return match[1], int(match[2] or 1), folder.recipe
    made = datetime.fromtimestamp(folder.plan_file.stat().st_mtime, tz=UTC).astimezone()
    return made.strftime(STAMP), 1, folder.recipe


def find_run(base: Path, text: str) -> RunFolder:
    """The run that `text` names: a path, `latest`, a recipe (its newest), or the unique beginning of a time stamp.

    `recipe/stamp` works too. Raises UsageError that lists what was meant, or what there is.
    """
    if text and is_file(Path(text) / "plan.json"):
        return RunFolder(Path(text))
    runs = find_runs(base)
    if "/" in text and is_folder(Path(text)):
        raise UsageError(_no_run_itself(Path(text)))
    if not runs:
        under = shortened(str(base))
        raise UsageError(
            f"no run '{shortened(text)}': there are no runs under {under}; start one with 'dlbench run RECIPE'"
        )
    newest = [run for run in runs if text in ("latest", run.recipe)]
    if newest:
        return newest[0]
    exact = [run for run in runs if text in (run.path.name, run.name)]
    matches = exact or [run for run in runs if text and (run.path.name.startswith(text) or run.name.startswith(text))]
    if len(matches) == 1:
        return matches[0]
    raise UsageError(_several(text, matches) if matches else _none(base, text, runs))


def _no_run_itself(folder: Path) -> str:
    below = sorted(_with_plans(folder, "*") + _with_plans(folder, "*/*"), key=age)
    named = f"runs are below it, the newest is {below[-1].path}" if below else "a run's own folder has a plan.json"
    return f"{shortened(str(folder))} is a folder, but no run: {named}"


def _several(text: str, matches: list[RunFolder]) -> str:
    return (
        f"'{text}' could be any of {len(matches)} runs: {', '.join(run.name for run in matches[:5])}; be more specific"
    )


def _none(base: Path, text: str, runs: list[RunFolder]) -> str:
    names = {"latest", *(run.recipe for run in runs), *(run.path.name for run in runs), *(run.name for run in runs)}
    others = hint(text, names, f"the newest is {runs[0].name}; 'dlbench runs' lists them")
    return f"no run '{shortened(text)}' under {base}{others}"
