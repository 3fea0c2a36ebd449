"""`dlbench plot`: figures of a run as SVG, PDF or PNG."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from dlbench.cli import complete
from dlbench.cli.options import Out, OutputFile, OwnParts, Run
from dlbench.cli.output import emit_bytes, save

if TYPE_CHECKING:
    from dlbench.export.plots.rendering import Form

What: TypeAlias = Annotated[
    str,
    typer.Option(
        "--what",
        metavar="PICTURE",
        help="curves, layers, gradients, table, filters or reconstructions.",
        autocompletion=complete.plots,
    ),
]
Variants: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--variants",
        "--variant",
        metavar="NAMES",
        help="Variants side by side, with commas between them; default: those that suit the picture.",
    ),
]
Metrics: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="NAMES",
        help="curves: loss, test_accuracy, ...; table: columns by their keys; several with commas between them.",
    ),
]
MeasureName: TypeAlias = Annotated[
    str | None,
    typer.Option("--measure", metavar="MEASURE", help="layers: what is measured; default: gradient_norm."),
]
Band: TypeAlias = Annotated[
    Literal["range", "interval", "none"] | None,
    typer.Option(help="curves: all seeds from lowest to highest (default), or the 95 % interval of their mean."),
]
Seed: TypeAlias = Annotated[
    int | None, typer.Option(metavar="SEED", help="Which seed; default: the first, of curves all of them.")
]
Layer: TypeAlias = Annotated[
    str | None, typer.Option(metavar="LAYER", help="filters, reconstructions: which layer; default: the first.")
]
Step: TypeAlias = Annotated[
    int | None,
    typer.Option(min=0, metavar="STEP", help="filters, reconstructions: at this step or the last one before it."),
]
Phase: TypeAlias = Annotated[
    Literal["pretrain", "train"] | None,
    typer.Option(help="filters, reconstructions: of pre-training or of training; default: training, if it has any."),
]
Format: TypeAlias = Annotated[
    Literal["svg", "pdf", "png"] | None,
    typer.Option("--format", help="Default: what the file's name ends in, of stdout png."),
]
Size: TypeAlias = Annotated[
    str | None,
    typer.Option("--size", metavar="WxH", help="Inches across and down, such as 6x4; texts keep their size."),
]
Dark: TypeAlias = Annotated[bool, typer.Option("--dark", help="Light on dark ground, for slides.")]


def plot(
    run: Run,
    *,
    what: What = "curves",
    variants: Variants = None,
    metric: Metrics = None,
    measure: MeasureName = None,
    band: Band = None,
    seed: Seed = None,
    layer: Layer = None,
    step: Step = None,
    phase: Phase = None,
    form: Format = None,
    size: Size = None,
    dark: Dark = False,
    file: OutputFile = None,
    out: Out = complete.RESULTS,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Draw a run as SVG, PDF or PNG: curves, every layer over the steps, the table, or what a layer has learned to see."""
    from dlbench.analysis.summary import summarize
    from dlbench.export.plots import PLOTS
    from dlbench.export.plots.base import Asked
    from dlbench.export.plots.rendering import picture
    from dlbench.export.plots.style import DARK, LIGHT, Look
    from dlbench.run.group import find_shown
    from dlbench.state.selection import Selection

    options = {"metric": metric, "measure": measure, "band": band, "seed": seed, "layer": layer, "step": step}
    check_options(what, options | {"phase": phase, "size": size})
    target, folder = form_of(form, file), find_shown(out, run)
    choice, look = Selection(None, seed, layer, step, phase), Look(DARK if dark else LIGHT, size_of(size))
    report = summarize(folder)
    names = names_in(variants, [candidate.variant for candidate in report.state.plan.candidates])
    asked = Asked(report, folder.path, choice, names, names_in(metric), measure, band or "range", look)
    data = picture(PLOTS[what].make, asked, target)
    if file is None:
        emit_bytes(data)
    else:
        save(file, data)


def check_options(what: str, given: Mapping[str, Any]) -> None:
    """Raise UsageError where there is no such picture, or it heeds one of the options that were given not at all."""
    from dlbench.errors import UsageError, hint
    from dlbench.export.plots import PLOTS

    if what not in PLOTS:
        others = hint(what, PLOTS.names, f"there are {', '.join(PLOTS.names)}")
        raise UsageError(f"no picture is called '{what}'{others}")
    for name, value in given.items():
        if value is not None and name not in PLOTS[what].traits["takes"]:
            fitting = ", ".join(part.name for part in PLOTS if name in part.traits["takes"])
            raise UsageError(f"--{name} says nothing about {what}; it is for {fitting}")


def form_of(form: Form | None, file: Path | None) -> Form:
    """The format that was asked for, or that the file's name ends in; raises UsageError where neither says one."""
    from dlbench.errors import UsageError
    from dlbench.export.plots.rendering import FORMS

    if file is None and sys.stdout.isatty():
        raise UsageError("a terminal cannot show a picture; use -o FILE.png, or pipe the output into a program")
    is_special = file is None or (file.exists() and not file.is_file())
    found = form or next((one for one in FORMS if file is not None and file.suffix.lower() == f".{one}"), None)
    if found is None and not is_special:
        raise UsageError(
            f"{file}: pictures are written as SVG, PDF or PNG; choose a file name that ends in .svg, .pdf or .png"
        )
    return found or "png"


def size_of(text: str | None) -> tuple[float, float] | None:
    """`6x4` as inches; raises UsageError where it says something else."""
    from dlbench.errors import UsageError

    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    try:
        found = float(width), float(height)
    except ValueError:
        found = (0.0, 0.0)
    if not all(3 <= side <= 100 for side in found):
        raise UsageError(f"--size {text}: say inches across and down, from 3 to 100 each, such as 6x4")
    return found


def names_in(text: str | None, known: Collection[str] = ()) -> tuple[str, ...]:
    """Names with commas between them; a known one may have commas of its own, as `relu, lr 0.01` has."""
    pieces, found = (text or "").split(","), []
    while pieces:
        lengths = range(len(pieces), 1, -1)
        size = next((size for size in lengths if ",".join(pieces[:size]).strip() in known), 1)
        found.append(",".join(pieces[:size]).strip())
        pieces = pieces[size:]
    return tuple(filter(None, found))
