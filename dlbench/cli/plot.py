"""`dlbench plot`: pictures of a run as PNG."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dlbench.cli import complete
from dlbench.cli.options import Out, OwnParts, Run
from dlbench.cli.output import emit_bytes, save
from dlbench.words.printable import one_line

if TYPE_CHECKING:
    from PIL.Image import Image


def plot(
    run: Run,
    *,
    what: Annotated[
        str,
        typer.Option(
            "--what",
            metavar="PICTURE",
            help="curves, gradients, filters or reconstructions.",
            autocompletion=complete.plots,
        ),
    ] = "filters",
    variant: Annotated[
        str | None, typer.Option(metavar="VARIANT", help="Which variant; default: the first with pictures.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="SEED", help="Which seed; default: the first.")] = None,
    layer: Annotated[
        str | None, typer.Option(metavar="LAYER", help="Which layer; default: the first with pictures.")
    ] = None,
    step: Annotated[
        int | None,
        typer.Option(min=0, metavar="STEP", help="At this step or the last one before it; default: the newest."),
    ] = None,
    phase: Annotated[
        Literal["pretrain", "train"] | None,
        typer.Option(help="Pictures of pre-training or of training; default: training, if it has any."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; default: stdout.")
    ] = None,
    out: Out = complete.RESULTS,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Draw a run as PNG: what a layer has learned to see, the gradient of every layer, or the curves."""
    from dlbench.analysis.summary import folded
    from dlbench.errors import UsageError, hint
    from dlbench.export.plots import PLOTS
    from dlbench.export.plots.base import Asked
    from dlbench.run.folder import find_run
    from dlbench.state.selection import Selection

    if what not in PLOTS:
        others = hint(what, PLOTS.names, f"there are {', '.join(PLOTS.names)}")
        raise UsageError(f"no picture is called '{what}'{others}")
    check_target(file)
    folder = find_run(out, run)
    choice = Selection(variant, seed, layer, step, phase)
    write(PLOTS[what].make(Asked(folded(folder), folder.path, choice)), file)


def check_target(file: Path | None) -> None:
    """Raise UsageError where a picture cannot go: into a terminal, or a file that is called something else."""
    from dlbench.errors import UsageError

    if file is None and sys.stdout.isatty():
        raise UsageError("a terminal cannot show a PNG; use -o FILE.png, or pipe the output into a program")
    if file is not None and file.suffix.lower() != ".png" and not (file.exists() and not file.is_file()):
        raise UsageError(f"{file}: pictures are written as PNG; choose a file name that ends in .png")


def write(image: Image, file: Path | None) -> None:
    """Write an image as PNG, with its title inside; raises SetupError where a file cannot be written."""
    from PIL.PngImagePlugin import PngInfo

    told, target = PngInfo(), io.BytesIO()
    told.add_itxt("Title", one_line(image.info["Title"]))
    told.add_text("Software", "dlbench")
    image.save(target, "PNG", pnginfo=told, optimize=True)
    if file is None:
        emit_bytes(target.getvalue())
    else:
        save(file, target.getvalue())
