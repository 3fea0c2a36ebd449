"""Which layers of a net can be pre-trained: the dense sigmoid ones at its beginning, in a plain chain. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from dlbench.parts.arguments import Settings
from dlbench.parts.outline import Block

BETWEEN = ("flatten", "dropout")
"""Layers that may stand in front of a pre-trained one: they own nothing, and pre-training sees through them."""


class PretrainError(ValueError):
    """A net's layers cannot be pre-trained as asked; the text says which one stands in the way."""


def pretrained_blocks(blocks: Sequence[Block], pretrain: Settings) -> list[Block]:
    """The dense layers that are pre-trained, from the input up; raises `PretrainError` where the net is not made for it.

    `blocks` are those of the whole net, the output layer last, which is never among them.
    """
    kind, wanted = pretrain["kind"], pretrain["layers"]
    found: list[Block] = []
    for block in blocks[:-1]:
        if len(found) == wanted:
            return found
        if block.settings["kind"] == "dense":
            _check_dense(block, kind, found)
            found.append(block)
        elif block.settings["kind"] not in BETWEEN:
            what = f"'{kind}' trains dense layers in a plain chain, and '{block.name}' is not one"
            raise PretrainError(f"{what}{_remedy(found, 'make it a dense layer')}")
    if not found:
        raise PretrainError(f"'{kind}' trains hidden dense layers, and there are none")
    if wanted is not None and len(found) < wanted:
        raise PretrainError(f"'layers' is {wanted}, but the net has only {_counted(len(found))}")
    return found


def _check_dense(block: Block, kind: str, below: Sequence[Block]) -> None:
    activation = block.settings["activation"]["kind"]
    if activation != "sigmoid":
        what = f"'{kind}' trains sigmoid units, and '{block.name}' has the activation '{activation}'"
        raise PretrainError(what + _remedy(below, 'set model.activation = "sigmoid"'))
    if not block.settings["bias"]:
        raise PretrainError(f"'{kind}' trains biases too, and '{block.name}' has none; remove bias = false")


def _remedy(below: Sequence[Block], otherwise: str) -> str:
    """What to do, where so many layers below are fine."""
    return f"; {otherwise}, or pre-train less with layers = {len(below)}" if below else f"; {otherwise}"


def _counted(layers: int) -> str:
    return f"{layers} hidden dense layer{'s' if layers > 1 else ''}"
