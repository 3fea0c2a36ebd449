"""The options that several verbs share, and what the command line knows before a verb begins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from dlbench import plugins
from dlbench.cli import complete
from dlbench.words.language import LANGUAGES


@dataclass
class Options:
    """What stands before the verb: `dlbench --debug run ...`."""

    debug: bool = False


Language = StrEnum("Language", LANGUAGES)  # type: ignore[misc]  # a member a language


class Shown(StrEnum):
    """What is shown while a run goes on."""

    AUTO = "auto"
    TUI = "tui"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"


def _load(paths: list[Path] | None) -> list[Path] | None:
    plugins.load_installed()
    plugins.load(paths or [])
    return paths


OwnParts: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--parts", metavar="FILE", callback=_load, help="A Python file with parts of your own; can be repeated."
    ),
]
"""Files that add to the catalogues. They are loaded before the verb begins, because the caller names them: no recipe can."""
Lang: TypeAlias = Annotated[
    Language | None,
    typer.Option("--lang", envvar="DLBENCH_LANG", help="Language of a recipe's texts; default: the locale's."),
]
"""What `readers_language` takes."""
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
Ascii: TypeAlias = Annotated[
    bool, typer.Option("--ascii", envvar="DLBENCH_ASCII", help="Draw with ASCII characters only.")
]
Out: TypeAlias = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder that holds the runs.")]
Run: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run: its folder, RECIPE/TIME, RECIPE (its newest run) or latest.",
        autocompletion=complete.runs,
    ),
]
Recipe: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE", help="A recipe: a TOML file or the name of a shipped recipe.", autocompletion=complete.recipes
    ),
]
Recipes: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="RECIPE", help="Recipes: TOML files or names of shipped recipes.", autocompletion=complete.recipes
    ),
]
Overrides: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE", help="Override a value: --set train.optimizer.lr=0.3; can be repeated."
    ),
]
Seeds: TypeAlias = Annotated[
    str | None,
    typer.Option("--seeds", metavar="N|LIST", help='A count ("5"), a list ("0,3,7") or a range ("0-9").'),
]
Quick: TypeAlias = Annotated[bool, typer.Option("--quick", help="Use the recipe's small version: seconds, no network.")]
Device: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help="cpu, mps, cuda (each GPU), cuda:1, cuda:0,cuda:1, or auto: GPUs if there are any.",
    ),
]
Threads: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N", help="Threads per worker.")]
Workers: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N", help="Number of worker processes.")]
Display: TypeAlias = Annotated[Shown, typer.Option(help="What to show during the run.")]
Detach: TypeAlias = Annotated[
    bool, typer.Option("--detach", help="Start the run in the background; `dlbench runs` lists it.")
]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Show the plan without training.")]
Columns: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="A,B",
        help="Metrics and settings to show: test_loss,lr; test_loss@500 at a step; 'test_*' by pattern.",
    ),
]
Sort: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--sort", metavar="[-]COLUMN", help="Sort by a metric, a setting or the variant; - for highest first."
    ),
]
Filters: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="CONDITION",
        help="Rows to show: 'test_accuracy>0.9', 'lr=0.1', 'relu*', '!relu*'; can be repeated, all must hold.",
    ),
]
HideUnchanged: TypeAlias = Annotated[
    bool, typer.Option("--hide-unchanged", help="Leave out columns that are the same in every row.")
]
PivotRows: TypeAlias = Annotated[
    str | None,
    typer.Option("--rows", metavar="SETTING", help="With --cols, lay one metric out by two settings: --rows init."),
]
QuestionsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--questions",
        metavar="FILE",
        help="Of recordings: a TOML file with [compare], [[claims]], [lesson] to ask in place of theirs.",
    ),
]
PivotColumns: TypeAlias = Annotated[
    str | None, typer.Option("--cols", metavar="SETTING", help="The setting of the columns: --cols activation.")
]
PivotMetric: TypeAlias = Annotated[
    str | None, typer.Option("--metric", metavar="METRIC", help="What --rows and --cols show; default: what decides.")
]
OnlyVariants: TypeAlias = Annotated[
    list[str] | None, typer.Option("--variant", metavar="NAME", help="Only this variant; can be repeated.")
]
OutputFile: TypeAlias = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; default: stdout.")
]
ToRun: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RECIPE",
        help="TOML files or names of shipped recipes, run one after another.",
        autocompletion=complete.recipes,
    ),
]
Strict: TypeAlias = Annotated[bool, typer.Option("--strict", help="Exit with code 4 if a claim is refuted.")]
Resume: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Continue a run; allows --device, --threads and --workers.",
        autocompletion=complete.runs,
    ),
]
SaveWeights: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--save-weights", help="Keep the weights each trial ends with; `dlbench export` and `predict` read them."
    ),
]
"""A word for `--set evaluate.weights=true`."""
Profile: TypeAlias = Annotated[
    bool, typer.Option("--profile", help="Say at the end of each stack where the time of its training went.")
]
"""A word for `--set probes.profile=true`."""
TensorBoard: TypeAlias = Annotated[
    Path | None,
    typer.Option("--tensorboard", metavar="DIR", help="Also write for TensorBoard, into DIR/RECIPE/TIME."),
]
UntilDecided: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--until-decided",
        help="Add seeds until each claim is confirmed or refuted, however often one looks; first five.",
    ),
]
MaxSeeds: TypeAlias = Annotated[
    int | None,
    typer.Option("--max-seeds", min=5, metavar="N", help="With --until-decided: at most so many seeds; default 100."),
]
On: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="CLUSTER", help="Train on a cluster: ray, ray://HOST, or slurm; default: this machine."
    ),
]
Cluster: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--cluster", metavar="KEY=VALUE", help="With --on: how the cluster is used; can be repeated."),
]
ClusterFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--cluster-file", metavar="FILE", help="With --on: a TOML file with such keys, in a table [ray] or [slurm]."
    ),
]
