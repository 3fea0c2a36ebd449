"""A net as a tree: its layers with what they put out, train and are made of; composite ones with their branches."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from string import digits
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlbench.parts.arguments import Settings
    from dlbench.parts.outline import Block

UNICODE = ("├─ ", "└─ ", "│  ")
ASCII = ("+- ", "`- ", "|  ")
GAP = 2
LEAST = 12
"""Cells that the last column has at least; where the terminal is too narrow for them, lines are longer than it."""
UNTOLD = frozenset({"kind", "units", "channels", "activation", "init", "bias_init", "layers", "branches", "merge"})
"""Arguments of a layer that its line tells otherwise, or leaves out."""
ITSELF = "the signal itself"


@dataclass(frozen=True)
class GraphLine:
    """One line of the drawing: the tree with a name, the shape, the parameters, what else there is to say.

    `below` is the tree on the lines beneath that what there is to say may take.
    """

    tree: str
    output: str = ""
    parameters: str = ""
    details: str = ""
    below: str = ""


def draw(blocks: Sequence[Block], *, width: int, ascii_only: bool) -> str:
    """The tree of a net from its input to its output; the last column is folded at `width`."""
    total = sum(block.parameters for block in blocks)
    lines = [
        GraphLine("input", shape_text(blocks[0].input)),
        *_chain(blocks, "", ASCII if ascii_only else UNICODE),
        GraphLine("all", "", f"{total:,}"),
    ]
    full = [line for line in lines if line.parameters]
    tree, output, parameters = (
        max(len(getattr(line, name)) for line in full) for name in ("tree", "output", "parameters")
    )
    room = max(width - tree - output - parameters - 3 * GAP, LEAST)
    drawn = []
    for line in lines:
        first, *rest = textwrap.wrap(line.details, room, break_on_hyphens=False) or [""]
        cells = [line.tree.ljust(tree), line.output.ljust(output), line.parameters.rjust(parameters), first]
        drawn.append((" " * GAP).join(cells).rstrip())
        drawn += [f"{line.below.ljust(tree + output + parameters + 3 * GAP)}{text}" for text in rest]
    return "\n".join(drawn)


def _chain(blocks: Sequence[Block], stem: str, signs: Sequence[str]) -> Iterator[GraphLine]:
    """The lines of layers in a row; equal ones share a line."""
    layers = folded(blocks)
    for index, same in enumerate(layers):
        is_last = index == len(layers) - 1
        yield from _layer(same, stem + signs[1 if is_last else 0], stem + ("   " if is_last else signs[2]), signs)


def _layer(same: Sequence[Block], stem: str, below: str, signs: Sequence[str]) -> Iterator[GraphLine]:
    """One layer, or several that are equal: of composite ones the first stands for all."""
    first = same[0]
    details = ", ".join(details_of(first.settings))
    yield GraphLine(stem + name_of(same), shape_text(first.output), parameters_of(same), details, below)
    yield from _inside(first, below, signs)
    if not first.branches:
        return
    if len(first.branches) == 1:
        yield from _chain(first.branches[0], below, signs)
        return
    for branch, label in zip(first.branches, branch_names(first), strict=True):
        yield GraphLine(below + signs[0] + (label if branch else f"{label}: {ITSELF}"))
        yield from _chain(branch, below + signs[2], signs)
    yield GraphLine(below + signs[1] + merge_of(first))


def _inside(block: Block, below: str, signs: Sequence[str]) -> Iterator[GraphLine]:
    """The lines of the layers inside of one that is no composite, those with weights."""
    for index, inner in enumerate(block.inside):
        if inner.name:
            sign = signs[1 if index == len(block.inside) - 1 else 0]
            output = shape_text(inner.output) if inner.output else ""
            yield GraphLine(f"{below}{sign}{inner.name}", output, f"{inner.parameters:,}", inner.kind)


def folded(blocks: Sequence[Block]) -> list[list[Block]]:
    """Layers in a row, equal ones together."""
    return [list(same) for _, same in groupby(blocks, key=looks)]


def name_of(same: Sequence[Block]) -> str:
    """What a layer is called, or several that are equal: `dense2-10  x 9`."""
    first, count = same[0].name, len(same)
    last = same[-1].name.removeprefix(first.rstrip(digits))
    return first if count == 1 else f"{first}-{last}  x {count}"


def parameters_of(same: Sequence[Block]) -> str:
    """How many numbers a layer trains, or several that are equal: `9 x 30`."""
    return f"{len(same)} x {same[0].parameters:,}" if len(same) > 1 else f"{same[0].parameters:,}"


def branch_names(block: Block) -> Sequence[str]:
    """What the chains of a composite layer are called."""
    from dlbench.parts.layers.base import LAYERS

    names: Sequence[str] | None = LAYERS[block.settings["kind"]].traits.get("branches")
    return names or [f"branch {number}" for number in range(1, len(block.branches) + 1)]


def merge_of(block: Block) -> str:
    """How the chains of a composite layer come together: `add, relu`."""
    from dlbench.parts.layers.base import LAYERS

    activation = block.settings.get("activation")
    merge = LAYERS[block.settings["kind"]].traits.get("merge") or block.settings["merge"]
    return ", ".join([merge, *([short("activations", activation)] if activation else [])])


def looks(block: Block) -> tuple[Any, ...]:
    """What makes two layers look alike: everything but their names and the shape that comes in."""
    inside = tuple(tuple(looks(inner) for inner in branch) for branch in block.branches)
    told = tuple(details_of(block.settings))
    return block.settings["kind"], told, str(block.settings.get("activation")), block.output, block.parameters, inside


def details_of(settings: Settings) -> Iterator[str]:
    """What a layer's line says besides shapes: activation, init, and arguments that are not at their defaults."""
    if "layers" not in settings:  # else they belong to the merge and to the shortcut, which have lines of their own
        for key in ("activation", "init"):
            if settings.get(key):
                yield short(f"{key}s", settings[key])
    yield from _unusual("layers", settings, UNTOLD)


def _unusual(catalog: str, settings: Settings, untold: frozenset[str]) -> Iterator[str]:
    from dlbench.parts import CATALOGS
    from dlbench.parts.arguments import Of, marks
    from dlbench.recipe.parts import arguments

    known = arguments(catalog, settings["kind"])
    for key, value in settings.items():
        if key in untold or key not in known or value == known[key].default or value is None:
            continue
        if key == CATALOGS[catalog][settings["kind"]].traits.get("arguments_of"):
            yield short(next(mark.catalog for mark in marks(known[key].annotation) if isinstance(mark, Of)), value)
        elif isinstance(value, bool):
            yield key if value else f"no {key}"
        else:
            yield f"{key} {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("kind", value))
    return (
        " x ".join(map(_plain, value))
        if isinstance(value, list | tuple)
        else f"{value:.3g}"
        if isinstance(value, float)
        else str(value)
    )


def short(catalog: str, settings: Settings) -> str:
    """A part with what of it is not at its default: `relu`, `leaky_relu (slope 0.333)`."""
    unusual = ", ".join(_unusual(catalog, settings, frozenset({"kind"})))
    return f"{settings['kind']} ({unusual})" if unusual else str(settings["kind"])


def shape_text(shape: Sequence[int]) -> str:
    """`1 x 8 x 8`."""
    return " x ".join(map(str, shape))


def inside(block: Block) -> str:
    """The kinds of layers in a composite one, branch by branch: `2 conv | conv`; of a module its name, and those within."""
    if not block.branches:
        (made_of,) = (value["kind"] for key, value in block.settings.items() if key == "module")
        kinds = [_counted(kind, len(list(same))) for kind, same in groupby(one.kind for one in block.inside)]
        return f"{made_of}: {', '.join(kinds)}"
    return " | ".join(
        ", ".join(_counted(kind, len(list(same))) for kind, same in groupby(inner.settings["kind"] for inner in branch))
        or "-"
        for branch in block.branches
    )


def _counted(kind: str, count: int) -> str:
    return kind if count == 1 else f"{count} {kind}"


def data_of(block: Block) -> dict[str, Any]:
    """A layer as data, those inside of it included."""
    within = [asdict(inner) for inner in block.inside]
    return {
        "name": block.name,
        "kind": block.settings["kind"],
        "input": block.input,
        "output": block.output,
        "parameters": block.parameters,
        "activation": block.settings.get("activation"),
        "init": block.settings.get("init"),
        "branches": [[data_of(inner) for inner in branch] for branch in block.branches],
        **({"inside": within} if within else {}),
    }
