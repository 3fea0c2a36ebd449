"""A net on paper: the blocks a model's settings stand for, with their shapes and weights. Imports no torch.

The recipe's room reads it to find shapes that do not fit before anything trains; the engine reads it to build.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod

from dlbench.parts import make
from dlbench.parts.arguments import Settings
from dlbench.parts.layers.base import (
    LAYERS,
    Branch,
    Buffer,
    Composite,
    InnerLayer,
    Layer,
    MayGoApart,
    Path,
    Shape,
    ShapeError,
    Unrolled,
    Weight,
    WithInside,
)
from dlbench.parts.rows import Slot, lay_out

MOST_TIMES = 32
"""Steps of time of one recurrent layer that probes give a row, evenly chosen of a longer sequence."""


@dataclass(frozen=True)
class Block:
    """One layer at its place: a name such as `dense3`, the layer, its shapes and what it owns.

    The name counts layers of the same kind over the whole net, those inside of others too. It is the place in every
    random stream, so that a net with dropout between its dense layers, or with some of them inside of residual blocks,
    starts from the same weights as the net without. A composite layer has `branches` and owns nothing itself.
    """

    name: str
    layer: Layer | Composite
    settings: Settings
    input: Shape
    output: Shape
    weights: Mapping[str, Weight]
    buffers: Mapping[str, Buffer]
    branches: tuple[tuple[Block, ...], ...] = ()

    @property
    def parameters(self) -> int:
        """How many numbers one trial trains here, branches included."""
        own = sum(weight.size for weight in self.weights.values())
        return own + sum(inner.parameters for branch in self.branches for inner in branch)

    @property
    def products(self) -> int:
        """Multiplications of a weight by a number that one sample takes on its way forward, branches left out."""
        return sum(weight.size * weight.uses for weight in self.weights.values())

    @property
    def widest(self) -> int:
        """How many numbers one sample takes at most on its way through: as input, as output, or inside."""
        inside = 0
        if isinstance(self.layer, Unrolled):
            inside = self.layer.widest(self.input)
        elif isinstance(self.layer, WithInside):
            inside = self.layer.most_inside(self.input)
        return max(prod(self.input), prod(self.output), inside)

    @property
    def launches(self) -> int:
        """How often its operations are launched, roughly: once, in a recurrent layer for each gate at each step of time.

        Layers inside of one count twice, as something or other stands between them.
        """
        if not isinstance(self.layer, Unrolled):
            return max(1, 2 * len(self.inside))
        return self.layer.times(self.input) * max(weight.gates for weight in self.weights.values())

    @property
    def inside(self) -> Sequence[InnerLayer]:
        """The layers inside that have weights, where it is no composite and has such."""
        return self.layer.inside(self.input) if isinstance(self.layer, WithInside) else ()

    @property
    def probed(self) -> bool:
        """Whether probes give it a row: it owns weights, or it is an activation."""
        return bool(self.weights) or "activation" in self.settings

    @property
    def times(self) -> list[int]:
        """The steps of time (from 0) of a recurrent layer that probes give a row each; none for other layers."""
        if not isinstance(self.layer, Unrolled):
            return []
        last = self.layer.times(self.input) - 1
        count = min(last + 1, MOST_TIMES)
        return sorted({round(last * index / max(count - 1, 1)) for index in range(count)})


@dataclass(frozen=True)
class ProbeRow:
    """One row of the probes: the name, the kind of layer, the watched weights' names, the first one's shape, and the bounds' owner.

    A recurrent layer has a row a step of time, of the kind `time`, before its own; these have no weights. `output` is `None` where
    nobody sees what it puts out.
    """

    name: str
    kind: str
    weights: tuple[str, ...]
    shape: Shape | None
    output: Shape | None
    activation: Settings | None


TIME = "time"
"""The kind of a row that shows a recurrent layer's state at one step of time."""


class LayerError(ShapeError):
    """A layer of a model does not fit; `path` leads to it in `[model]`, and is empty for the output layer."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(what)
        self.path = path


def outline(model: Settings, shape: Shape, outputs: int) -> list[Block]:
    """The blocks of a model for samples of `shape`, ending in the output layer of `outputs` units; raises `LayerError`.

    Where the model leaves that one out, its last layer must put out as many.
    """
    drafter = _Drafter()
    blocks = drafter.chain(Branch(("layers",), model["layers"]), shape)
    end = blocks[-1].output if blocks else shape
    own = {key: value for key, value in model["output"].items() if key != "layer"}
    if model["output"].get("layer", True):
        output = {"kind": "dense", "activation": {"kind": "identity"}, **own, "units": outputs}
        return [*blocks, drafter.block("output", output, (), end)]
    if end != (outputs,):
        raise LayerError((), f"it is left out, so the last layer must put out ({outputs},), and puts out {end}")
    if not any(block.parameters for block in blocks):
        raise LayerError((), "it is left out, and no other layer has weights")
    return blocks


class _Drafter:
    """Lays out blocks one after the other, and counts them by kind.

    `ends` are the shapes in which branches end that were tried out, by their place and the shape of their input: without them
    each level of layers in layers would try out all levels below once more.
    """

    def __init__(self, seen: Counter[str] | None = None, ends: dict[tuple[Path, Shape], Shape] | None = None) -> None:
        self._seen = Counter() if seen is None else seen
        self._ends = {} if ends is None else ends

    def chain(self, branch: Branch, shape: Shape) -> list[Block]:
        """The blocks of layers in a row, `repeat` laid out."""
        blocks: list[Block] = []
        for path, settings in unrolled(branch):
            name = branch.name or settings["kind"]
            self._seen[name] += 1
            blocks.append(self.block(f"{name}{self._seen[name]}", settings, path, shape))
            shape = blocks[-1].output
        return blocks

    def block(self, name: str, settings: Settings, path: Path, shape: Shape) -> Block:
        """One layer for samples of `shape`."""
        try:
            layer: Layer | Composite = make("layers", settings)
            if isinstance(layer, Composite):
                return self._composite(name, layer, settings, path, shape)
            output = layer.output(shape)
        except LayerError:
            raise
        except ValueError as error:
            raise LayerError(path, str(error)) from error
        return Block(name, layer, settings, shape, output, layer.weights(shape), layer.buffers(shape))

    def _composite(self, name: str, layer: Composite, settings: Settings, path: Path, shape: Shape) -> Block:
        branches = layer.branches(shape, partial(self._after, path, shape))
        drawn = tuple(tuple(self.chain(_below(path, branch), shape)) for branch in branches)
        output = layer.merged([branch[-1].output if branch else shape for branch in drawn])
        return Block(name, layer, settings, shape, output, {}, {}, drawn)

    def _after(self, path: Path, shape: Shape, branch: Branch) -> Shape:
        """The shape at the end of a branch, tried out without counting it."""
        below = _below(path, branch)
        if (below.where, shape) not in self._ends:
            blocks = _Drafter(self._seen.copy(), self._ends).chain(below, shape)
            self._ends[below.where, shape] = blocks[-1].output if blocks else shape
        return self._ends[below.where, shape]


def _below(path: Path, branch: Branch) -> Branch:
    return branch._replace(where=(*path, *branch.where))


def unrolled(branch: Branch) -> Iterator[tuple[Path, Settings]]:
    """Every layer of a chain in order with its path: `repeat` laid out."""
    for index, settings in enumerate(branch.layers):
        once = {key: value for key, value in settings.items() if key != "repeat"}
        for _ in range(settings.get("repeat", 1)):
            yield (*branch.where, index), once


def leaves(blocks: Sequence[Block]) -> Iterator[Block]:
    """Every block, in the order in which a forward pass goes through them: a composite comes after its branches."""
    for block in blocks:
        for branch in block.branches:
            yield from leaves(branch)
        yield block


def goes_alone(blocks: Sequence[Block]) -> bool:
    """Whether trials of such a net share nothing on a CPU, because of any of its layers."""
    return any(
        LAYERS[block.settings["kind"]].traits.get("alone_on_cpu", False) or why_apart(block) for block in leaves(blocks)
    )


def why_apart(block: Block) -> str | None:
    """Why a layer takes trials one after the other, where that is not the kind's own way; in words."""
    return block.layer.apart if isinstance(block.layer, MayGoApart) else None


def apart_notes(blocks: Sequence[Block]) -> list[str]:
    """What is said of the layers that take trials one after the other."""
    return [
        f"{block.name}: trial by trial: slower, same statistics ({reason})"
        for block in leaves(blocks)
        if (reason := why_apart(block))
    ]


def slots_of(blocks: Sequence[Block]) -> list[Slot]:
    """Where each weight lies in a trial's row, named `dense1.weight`, in the order of the forward pass."""
    weights = {f"{block.name}.{name}": one for block in leaves(blocks) for name, one in block.weights.items()}
    slots = lay_out([(name, one.shape, one.is_bias, one.fan_in) for name, one in weights.items()])
    return [replace(slot, outputs_first=weights[slot.name].outputs_first) for slot in slots]


def rows_of(blocks: Sequence[Block]) -> list[ProbeRow]:
    """The rows of the probes, in the order of the forward pass."""
    return [row for block in leaves(blocks) if block.probed for row in _rows(block)]


def _rows(block: Block) -> Iterator[ProbeRow]:
    if isinstance(block.layer, WithInside):
        yield from (_inner_row(block.name, inner) for inner in block.inside)
        return
    layer = block.layer
    activation = layer.activation if isinstance(layer, Unrolled) else block.settings.get("activation")
    for time in block.times:
        yield ProbeRow(f"{block.name} t={time + 1}", TIME, (), None, block.output[-1:], activation)
    weight, own = next(iter(block.weights.items()), (None, None))
    watched = () if weight is None else (f"{block.name}.{weight}",)
    yield ProbeRow(
        block.name, block.settings["kind"], watched, None if own is None else own.shape, block.output, activation
    )


def _inner_row(name: str, inner: InnerLayer) -> ProbeRow:
    """The row of a layer inside of another, whose activation nobody knows."""
    whole = f"{name}.{inner.name}" if inner.name else name
    weights = tuple(f"{name}.{weight}" for weight in inner.weights)
    return ProbeRow(whole, inner.kind, weights, inner.shape, inner.output, None)
