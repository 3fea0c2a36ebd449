"""`python -m benchmarks.reference RUN... --out results/reference`: what of finished runs is kept beside the code.

For each run a folder named after its recipe: the report as printed (report.txt), table, trials and all numbers in export
formats, the recipe as it was run, and the environment, without names and paths of the machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from dlbench.analysis.summary import Report, summarize
from dlbench.cli.lesson import explanation, heading
from dlbench.cli.output import report_text
from dlbench.export import EXPORTERS
from dlbench.run.atomic import write_json_atomic, write_text_atomic
from dlbench.run.folder import RunFolder, read_json

NAMES = {"csv": "table", "trials": "trials", "ensembles": "ensembles", "json": "report", "markdown": "report"}
"""The export formats that are kept, and what their files are called; the others say the same numbers once more."""

KEPT = ("dlbench", "commit", "python", "platform", "cpu", "cores", "memory", "packages", "workers")


def keep(run: Path, out: Path) -> Path:
    """Write one run's report, exports, recipe and environment under `out`; returns the folder."""
    folder = RunFolder(run)
    target = out / folder.read_plan().recipe
    target.mkdir(parents=True, exist_ok=True)
    write_report(summarize(folder), target)
    shutil.copy(folder.recipe_file, target / "recipe.toml")
    write_json_atomic(target / "environment.json", environment(read_json(folder.env_file)))
    return target


def write_report(found: Report, target: Path, *, but: Sequence[str] = ()) -> None:
    """Write a report into a folder as printed and in every export format that is kept, `but` some."""
    parts = (
        heading(found.lesson, target.name, language="en"),
        report_text(found, language="en", ascii_only=False),
        explanation(found.lesson, language="en"),
    )
    write_text_atomic(target / "report.txt", "\n\n".join(parts) + "\n")
    for exporter in EXPORTERS:
        wanted = exporter.name in NAMES and exporter.name not in but
        if not wanted or (exporter.name == "ensembles" and found.ensembles is None):
            continue
        write_text_atomic(target / f"{NAMES[exporter.name]}{exporter.traits['suffix']}", exporter.make(found))


def environment(recorded: dict[str, Any]) -> dict[str, Any]:
    """What a run recorded of its machine, and the command that would make it again there."""
    _, *words = recorded["command"]
    spared = {"--out"}
    pairs = zip(["", *words], words, strict=False)
    arguments = [word for before, word in pairs if word not in spared and before not in spared]
    return {"command": " ".join(["dlbench", *arguments]), **{key: recorded[key] for key in KEPT if key in recorded}}


def main(runs: list[Path], out: Annotated[Path, typer.Option()] = Path("results/reference")) -> None:
    """Keep the reports of these runs."""
    for run in runs:
        print(keep(run, out))


if __name__ == "__main__":
    typer.run(main)
