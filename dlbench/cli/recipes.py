"""`dlbench show`, `check` and `schema`: recipes, looked at and not run."""

from __future__ import annotations

import shutil
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from dlbench.cli.lesson import explanation, heading
from dlbench.cli.messages import counted
from dlbench.cli.options import Ascii, Json, Lang, Overrides, OwnParts, Quick, Recipe, Recipes, Seeds
from dlbench.cli.output import columns, emit, emit_json, save, say
from dlbench.errors import DataError, DlbenchError, SetupError, UsageError, together
from dlbench.words.language import readers_language
from dlbench.words.printable import literal, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlbench.parts.outline import Block
    from dlbench.recipe.model import Recipe as Loaded


Graph: TypeAlias = Annotated[bool, typer.Option("--graph", help="Draw each net as a tree with every branch.")]
GraphFormat: TypeAlias = Annotated[
    Literal["text", "svg"] | None,
    typer.Option("--format", help="Of --graph: a tree in text, or a picture; default: what FILE ends in, or text."),
]
GraphFile: TypeAlias = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where --graph is written; default: stdout.")
]
AsToml: TypeAlias = Annotated[bool, typer.Option("--toml", help="Print the recipe itself as TOML.")]


def show(
    recipe: Recipe,
    *,
    overrides: Overrides = None,
    seeds: Seeds = None,
    quick: Quick = False,
    graph: Graph = False,
    form: GraphFormat = None,
    file: GraphFile = None,
    toml: AsToml = False,
    lang: Lang = None,
    ascii_only: Ascii = False,
    json: Json = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Show a recipe: its lesson, its variants, and the net of each with shapes and parameters."""
    from dlbench.cli.loaded import tell_notes
    from dlbench.recipe import load

    loaded = load(recipe, overrides or [], seeds=seeds, quick=quick)
    if toml + json + graph > 1:
        raise UsageError("--toml, --graph and --json cannot be combined")
    if (form or file) and not graph:
        raise UsageError("--format and -o say how --graph draws nets; add --graph")
    tell_notes(loaded)
    language = readers_language(lang)
    if toml:
        emit(literal(loaded.to_toml().rstrip()))
    elif json:
        emit_json(as_data(loaded))
    elif graph:
        is_picture = form == "svg" or (form is None and file is not None and file.suffix == ".svg")
        text = picture(loaded) if is_picture else tree(loaded, language=language, ascii_only=ascii_only)
        if file is None:
            emit(text.removesuffix("\n"))
        else:
            save(file, text.encode())
    else:
        net = told(loaded, net_table, language=language, ascii_only=ascii_only)
        text = explanation(loaded.questions.lesson, language=language, ascii_only=ascii_only)
        emit("\n\n".join(filter(None, [net, text])))


def tree(recipe: Loaded, *, language: str, ascii_only: bool) -> str:
    """The nets of a recipe as trees, as wide as the terminal."""
    from dlbench.cli.graph import draw

    drawn = partial(draw, width=shutil.get_terminal_size().columns, ascii_only=ascii_only)
    return f"{told(recipe, drawn, language=language, ascii_only=ascii_only)}\n"


def picture(recipe: Loaded) -> str:
    """The nets of a recipe as one SVG."""
    from dlbench.cli.net_svg import svg_of

    first = {candidate.variant: candidate for candidate in reversed(recipe.candidates)}
    return svg_of(recipe.name, {variant: net_of(first[variant].settings) for variant in recipe.variants})


def as_data(recipe: Loaded) -> dict[str, Any]:
    """A recipe with everything resolved: every candidate's settings and net."""
    from dlbench.cli import data_lines
    from dlbench.cli.graph import data_of

    return {
        "name": recipe.name,
        "path": str(recipe.path),
        "lesson": recipe.questions.lesson,
        "seeds": recipe.seeds,
        "compare": recipe.questions.compare,
        "ensemble": recipe.questions.ensemble,
        "claims": recipe.questions.claims,
        "data": data_lines.as_data(recipe.candidates),
        "candidates": [
            {
                "variant": candidate.variant,
                "choice": candidate.choice,
                "settings": candidate.settings,
                "net": [data_of(block) for block in net_of(candidate.settings)],
            }
            for candidate in recipe.candidates
        ],
    }


def net_of(settings: dict[str, Any]) -> list[Block]:
    """The net on paper that some settings stand for."""
    from dlbench.parts.datasets import describe
    from dlbench.parts.outline import outline
    from dlbench.parts.tasks import task_of

    source = describe(settings["data"])
    return outline(settings["model"], source.shape, task_of(source, settings).outputs)


def told(recipe: Loaded, drawn: Callable[[list[Block]], str], *, language: str, ascii_only: bool) -> str:
    """A recipe in words: the question, its data, then each variant with its changes and its net as `drawn` draws it."""
    from dlbench.cli.data_lines import data_lines

    seeds = ", ".join(map(str, recipe.seeds))
    counts = (
        f"{counted(len(recipe.variants), 'variant')}, {counted(len(recipe.candidates), 'candidate')}, seeds {seeds}"
    )
    question = heading(recipe.questions.lesson, recipe.name, language=language, ascii_only=ascii_only)
    head = [counts, *data_lines(recipe.candidates), train_line(recipe.candidates[0].settings)]
    parts = [question, "\n".join(head)]
    nets: dict[str, str] = {}
    for variant in recipe.variants:
        candidate = next(one for one in recipe.candidates if one.variant == variant)
        net = drawn(net_of(candidate.settings))
        first = nets.setdefault(net, variant)
        changes = changes_of(recipe.document.get("variants", {}).get(variant, {}))
        parts.append(
            "\n".join([one_line(variant), *changes, net if first == variant else f"  the same net as '{first}'"])
        )
    return "\n\n".join(parts)


def changes_of(patch: dict[str, Any], path: str = "") -> list[str]:
    """What a variant changes, one `path = value` a line; a table that names a part stays in one piece.

    Of other layers no more is said: the net is drawn beneath.
    """
    from dlbench.cli.describe import toml_text

    lines = []
    for key, value in patch.items():
        place = f"{path}.{key}" if path else key
        if isinstance(value, dict) and "kind" not in value:
            lines += changes_of(value, place)
        elif place == "model.layers" and value:
            lines.append(f"  {place} = [...]")
        else:
            lines.append(f"  {place} = {toml_text(value)}")
    return lines


def train_line(settings: dict[str, Any]) -> str:
    """How the first candidate is trained, in one line."""
    from dlbench.cli.describe import toml_text

    train = settings["train"]
    length = counted(*((train["steps"], "step") if train["steps"] else (train["epochs"], "epoch")))
    told = f"{settings['data']['kind']}, {toml_text(train['optimizer'])}, batch size {train['batch_size']}, {length}"
    told += f", class weights {toml_text(train['class_weights'])}" if train.get("class_weights") else ""
    told += ", the last smaller batch dropped" if train.get("drop_last") else ""
    return f"{told}, pre-trained by {pretrain_text(train['pretrain'])}" if train["pretrain"] else told


def pretrain_text(pretrain: dict[str, Any]) -> str:
    """A way of pre-training in a few words: `rbm (all layers, 10 epochs each)`."""
    layers = counted(pretrain["layers"], "layer") if pretrain["layers"] else "all layers"
    return f"{pretrain['kind']} ({layers}, {counted(pretrain['epochs'], 'epoch')} each)"


def net_table(blocks: list[Block]) -> str:
    """A net's layers with what they put out and how many numbers they train; equal ones in a row share a line."""
    rows = [("  layer", "activation", "output", "parameters")]
    for (activation, output, parameters, within), same in groupby(blocks, key=line_of):
        names = [block.name for block in same]
        times = f"{len(names)} x " if len(names) > 1 else ""
        name = f"{names[0]} ... {names[-1]}" if len(names) > 1 else names[0]
        rows.append((f"  {name}{within}", activation, output, f"{times}{parameters:,}"))
    return columns([*rows, ("  all", "", "", f"{sum(block.parameters for block in blocks):,}")])


def line_of(block: Block) -> tuple[str, str, int, str]:
    """What the table of a net says of a layer beside its name, and what is within it."""
    from dlbench.cli.graph import inside

    activation = block.settings.get("activation")
    within = f" ({inside(block)})" if block.branches or block.inside else ""
    return activation["kind"] if activation else "", " x ".join(map(str, block.output)), block.parameters, within


def check(
    recipes: Recipes,
    *,
    overrides: Overrides = None,
    seeds: Seeds = None,
    quick: Quick = False,
    own_parts: OwnParts = None,  # noqa: ARG001  # loaded before
) -> None:
    """Check recipes and report every problem at once, without training."""
    from dlbench.analysis.claims.looks import not_sequential
    from dlbench.cli.data_lines import data_lines, odd_data
    from dlbench.cli.loaded import load_each, missing_data, tell_notes
    from dlbench.cli.memory_lines import need_line
    from dlbench.cli.run import plan_of
    from dlbench.display.words import shortened
    from dlbench.recipe.loading import data_problem

    errors: list[DlbenchError] = []
    missing: dict[str, list[str]] = {}
    for name, found in zip(recipes, load_each(recipes, overrides or [], seeds, quick=quick), strict=True):
        if isinstance(found, DlbenchError):
            errors.append(found)
            continue
        try:
            odd = odd_data(found.candidates)
        except SetupError as error:
            errors.append(DataError([data_problem(found, str(error))]))
            continue
        memory = need_line(plan_of(found, None, None, None))
        emit("\n  ".join([f"{name}: fine ({counts_of(found)})", *data_lines(found.candidates), memory]))
        tell_notes(found)
        for what in [*odd, *not_sequential(found.questions.claims)]:
            say(f"note: {name}: {what}")
        for what in missing_data(found):
            missing.setdefault(what, []).append(name)
    for what, names in missing.items():
        say(f"note: {shortened(names)}: {what}")
    if errors:
        raise together(errors)


def counts_of(recipe: Loaded) -> str:
    """`2 variants, 5 seeds, 10 trials`."""
    variants, seeds = counted(len(recipe.variants), "variant"), counted(len(recipe.seeds), "seed")
    return f"{variants}, {seeds}, {counted(len(recipe.candidates) * len(recipe.seeds), 'trial')}"


def schema(*, own_parts: OwnParts = None) -> None:  # noqa: ARG001  # loaded before
    """Print the JSON Schema of recipes, for completion in editors."""
    from dlbench.recipe import schema as make_schema

    emit_json(make_schema())
