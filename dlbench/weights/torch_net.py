"""A net as plain torch.nn code: what `__init__` makes, what `forward` does, and where each weight goes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from dlbench.errors import UsageError
from dlbench.parts.layers.base import LAYERS
from dlbench.parts.outline import Block, leaves
from dlbench.parts.torch_code import Imported, MergedAsTorch, NoTorchCodeError, TorchCode, WrittenAsTorch

REMEDY = "docs/extending.md tells how a layer of one's own says it"


@dataclass(frozen=True)
class TorchNet:
    """The lines of a net: those of `__init__`, those of `forward` from `x` to `x`, classes above it, what is imported."""

    made: list[str]
    done: list[str]
    classes: list[str]
    imports: list[Imported]


def torch_net(blocks: Sequence[Block]) -> TorchNet:
    """The net of these blocks; raises UsageError where a layer or an activation does not say how it is written."""
    codes = {block.name: _code(block) for block in leaves(blocks) if not block.branches}
    made = [
        f"self.{attribute(block)} = {codes[block.name].module}"
        for block in leaves(blocks)
        if block.name in codes and codes[block.name].module
    ]
    lines, _ = _chain(blocks, codes, "x", "x")
    classes = dict.fromkeys(source for code in codes.values() for source in code.classes)
    imports = dict.fromkeys(one for code in codes.values() for one in code.imports)
    return TorchNet(made, lines, list(classes), list(imports))


def state_of(blocks: Sequence[Block], tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The state of the net with a trial's weights and buffers (`dense1.weight`), by torch's names and in its shapes."""
    found: dict[str, NDArray[Any]] = {}
    for block in leaves(blocks):
        own = {name: tensors[f"{block.name}.{name}"] for name in (*block.weights, *block.buffers)}
        if own:
            state = _code(block).weights(own)
            found |= {".".join(filter(None, (attribute(block), name))): array for name, array in state.items()}
    return found


def attribute(block: Block) -> str:
    """What a layer is called in Python: by its name, in which a plug-in may have put anything."""
    return re.sub(r"\W", "_", block.name)


def _code(block: Block) -> TorchCode:
    """The code of a layer that has no branches."""
    kind = block.settings["kind"]
    if not isinstance(block.layer, WrittenAsTorch):
        raise UsageError(f"{block.name}: the layer '{kind}' does not say how it is written with torch; {REMEDY}")
    try:
        return block.layer.as_torch(block.input)
    except NoTorchCodeError as error:
        raise UsageError(f"{block.name}: {error}") from error


def _chain(blocks: Sequence[Block], codes: Mapping[str, TorchCode], given: str, own: str) -> tuple[list[str], str]:
    """The lines of layers in a row that begin with the variable `given` and go on in `own`; and in which variable they end."""
    lines: list[str] = []
    for block in blocks:
        lines += _merged(block, codes, given, own) if block.branches else _single(block, codes[block.name], given, own)
        given = own
    return lines, given


def _single(block: Block, code: TorchCode, given: str, own: str) -> Iterator[str]:
    call = code.call.replace("{module}", f"self.{attribute(block)}").replace("{x}", given)
    yield from _assigned(call, code.activation, own, block)


def _merged(block: Block, codes: Mapping[str, TorchCode], given: str, own: str) -> Iterator[str]:
    """The chains of a composite layer, each in a variable of its own where there are several, and what becomes of them."""
    kind, count = block.settings["kind"], len(block.branches)
    if not isinstance(block.layer, MergedAsTorch):
        raise UsageError(
            f"{block.name}: the layer '{kind}' does not say how its chains are merged with torch; {REMEDY}"
        )
    labels = LAYERS[kind].traits.get("branches") or [f"branch{number}" for number in range(1, count + 1)]
    ends = []
    for branch, label in zip(block.branches, labels, strict=False):
        lines, end = _chain(branch, codes, given, own if count == 1 else f"{attribute(block)}_{label}")
        yield from lines
        ends.append(end)
    try:
        code = block.layer.merged_as_torch(ends, block.output)
    except NoTorchCodeError as error:
        raise UsageError(f"{block.name}: {error}") from error
    if (code.call, code.activation) != (own, "{x}"):
        yield from _assigned(code.call, code.activation, own, block)


def _assigned(call: str, activation: str, own: str, block: Block) -> Iterator[str]:
    """`own = activation(call)`, in two lines where the activation names its argument several times."""
    shape = " x ".join(map(str, block.output))
    if activation.count("{x}") > 1:
        yield f"{own} = {call}"
        call = own
    yield f"{own} = {activation.replace('{x}', call)}  # {shape}"
