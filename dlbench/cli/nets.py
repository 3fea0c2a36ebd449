"""The nets of a run as files: the part of `dlbench export` that writes no tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from dlbench.cli.output import saving, say

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder

FORMAT = "safetensors"

Variant: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--variant", metavar="VARIANT", help="Of nets: which variant's, or choice of its search; default: all."
    ),
]
Seed: TypeAlias = Annotated[
    int | None, typer.Option("--seed", metavar="SEED", help="Of nets: which seed's; default: all.")
]


def is_wanted(form: str | None, file: Path | None) -> bool:
    """Whether a format, or the name of a file, asks for nets."""
    return form == FORMAT or (form is None and file is not None and file.suffix == f".{FORMAT}")


def export_nets(folder: RunFolder, target: Path | None, variant: str | None, seed: int | None) -> None:
    """Write weights as safetensors, and beside them the torch code that loads them, into a folder or one file."""
    from dlbench.errors import UsageError
    from dlbench.plugins import require
    from dlbench.run.atomic import overwriting
    from dlbench.weights.export import exported
    from dlbench.weights.kept import kept_trials

    if target is None:
        raise UsageError("nets cannot be written to stdout; name a folder with -o, or a file that ends in .safetensors")
    plan = folder.read_plan()
    require(plan.parts, folder.name)
    trials, notes = kept_trials(folder, plan, variant=variant, seed=seed)
    for note in notes:
        say(f"note: {note}")
    files = list(exported(trials, target))
    with saving(target):
        for path, content in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            with overwriting(path) as file:
                file.write(content)
    code = [path for path, _ in files if path.suffix == ".py"]
    say(
        f"{len(files) - len(code)} trained net{'s' * (len(trials) > 1)}; {code[0]} loads {_what(len(code), len(trials))}"
    )


def _what(codes: int, trials: int) -> str:
    return "the first variant's" if codes > 1 else "them" if trials > 1 else "it"
