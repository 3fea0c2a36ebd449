"""A net on paper: the blocks a model's settings stand for, with their shapes and weights. Imports no torch.

The recipe's room reads it to find shapes that do not fit before anything trains; the engine reads it to build.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dlbench.parts import make
from dlbench.parts.arguments import Settings
from dlbench.parts.layers.base import Buffer, Layer, Shape, ShapeError, Weight
from dlbench.parts.rows import Slot, lay_out


@dataclass(frozen=True)
class Block:
    """One layer at its place: a name such as `dense3`, the layer, its shapes and what it owns.

    The name counts layers of the same kind. It is the place in every random stream, so that a net with dropout between
    its dense layers starts from the same weights as the net without.
    """

    name: str
    layer: Layer
    settings: Settings
    input: Shape
    output: Shape
    weights: Mapping[str, Weight]
    buffers: Mapping[str, Buffer]

    @property
    def parameters(self) -> int:
        """How many numbers one trial trains here."""
        return sum(weight.size for weight in self.weights.values())

    @property
    def probed(self) -> bool:
        """Whether probes give it a row: it owns weights, or it is an activation."""
        return bool(self.weights) or "activation" in self.settings


class LayerError(ShapeError):
    """A layer of a model does not fit; `index` is its position in `model.layers` (the number of layers for the output)."""

    def __init__(self, index: int, what: str) -> None:
        super().__init__(what)
        self.index = index


def outline(model: Settings, shape: Shape, outputs: int) -> list[Block]:
    """The blocks of a model for samples of `shape`, ending in the output layer of `outputs` units; raises `LayerError`."""
    seen: Counter[str] = Counter()
    blocks: list[Block] = []
    for index, settings in unrolled(model, outputs):
        kind = settings["kind"]
        seen[kind] += 1
        is_output = index == len(model["layers"])
        name = "output" if is_output else f"{kind}{seen[kind]}"
        try:
            layer: Layer = make("layers", settings)
            output = layer.output(shape)
        except ValueError as error:
            raise LayerError(index, str(error)) from error
        blocks.append(Block(name, layer, settings, shape, output, layer.weights(shape), layer.buffers(shape)))
        shape = output
    return blocks


def slots_of(blocks: Sequence[Block]) -> list[Slot]:
    """Where each weight lies in a trial's row, named `dense1.weight`, in the order of the blocks."""
    return lay_out(
        [
            (f"{block.name}.{name}", weight.shape, weight.is_bias, weight.fan_in)
            for block in blocks
            for name, weight in block.weights.items()
        ]
    )


def unrolled(model: Settings, outputs: int) -> Iterator[tuple[int, Settings]]:
    """Every layer in order with its index in `model.layers`: `repeat` laid out, the output layer last."""
    for index, settings in enumerate(model["layers"]):
        once = {key: value for key, value in settings.items() if key != "repeat"}
        for _ in range(settings.get("repeat", 1)):
            yield index, once
    output = {"kind": "dense", "units": outputs, "activation": {"kind": "identity"}, **model["output"]}
    yield len(model["layers"]), output
