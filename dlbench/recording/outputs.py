"""The outputs of layers in one step: forward hooks that are there in probed steps only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.utils.hooks import RemovableHandle

from dlbench.measures.saturated_fraction import NEAR
from dlbench.measures.unit_spread import FEW, relative_spread
from dlbench.recording.budget import Stopwatch
from dlbench.recording.layers import RecordedLayer

MOST_CALLS = 32
"""Calls of a module in one step that are looked at; a recurrent cell may be called a thousand times."""

MOST_NUMBERS = 2**18
"""Numbers of one output that are enough to tell its moments: of a larger one every second, third, ... sample is looked at."""

DEEPEST = 12
"""Operations between an activation and the next layer, such as pooling, dropout and reshaping."""

ACTIVATIONS: dict[str, tuple[float, float | None]] = {
    "ReluBackward0": (0.0, None),
    "TanhBackward0": (-1.0, 1.0),
    "SigmoidBackward0": (0.0, 1.0),
}
"""Activations that autograd keeps the results of, by the names of their backward: lowest and highest value."""

BOUNDED = (nn.RNNBase, nn.RNNCellBase)
"""Modules whose own outputs are activations: states of recurrent layers lie between -1 and 1, but for those with ReLU."""

Moments: TypeAlias = tuple[int, Tensor]
"""Of one call: how many numbers, and `[5]`: their mean, variance, share of zeros, share near a bound, the spread of the units; NaN
where unknown."""

SIZE = 5
"""Numbers of a call."""

SPREAD_PROBES = 5
"""Probes that tell how far units differ: what begins alike is seen at once, and later probes cost less without."""

OUTPUT_MEASURES = ("activation_mean", "activation_std", "zero_fraction", "saturated_fraction", "unit_spread")


def inert_hook(*_: object) -> None:
    """What a copied or pickled model has in the place of a recording's hook."""


def _inert() -> Callable[..., None]:
    return inert_hook


@dataclass(eq=False)
class OutputHook:
    """The forward hook of one layer; copies of the model get one that does nothing."""

    watch: OutputWatch
    row: int

    def __call__(self, module: nn.Module, inputs: Any, output: Any) -> None:
        """Look at what the layer was given and what it puts out."""
        if not torch.compiler.is_compiling():
            self.watch.called(self.row, module, inputs, output)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles know nothing of the recording."""
        return (_inert, ())


class OutputWatch:
    """Measures what layers put out while it is `open`, in training passes only, and adds up the calls of a step.

    A layer's outputs are those of its activation, where relu, tanh or sigmoid follow it directly, as a module or as a function:
    autograd's graph tells. Zeros and saturation are known of those alone. What happens to an output in place later changes
    nothing here, since it is measured at once. Passes inside of `torch.func.vmap` and `grad` are left out.
    """

    def __init__(self, layers: Sequence[RecordedLayer], roots: Sequence[nn.Module], stopwatch: Stopwatch) -> None:
        self._layers, self._stopwatch = layers, stopwatch
        self._roots = roots
        self._handles: list[RemovableHandle] = []
        self._opened = 0
        self._moments: dict[int, list[Moments]] = {}
        self._activated: dict[int, list[Moments]] = {}
        self._nodes: dict[Any, tuple[int, bool]] = {}
        """The rows behind nodes of the graph, and whether what autograd keeps there is packed away."""
        self._activations: set[int] = set()
        """The rows whose activations were seen in an earlier step: nothing else of their outputs is looked at."""
        self._unmeasured: set[int] = set()
        """The rows whose outputs are of a kind that torch computes no moments of."""
        self.faults: list[str] = []
        """What nobody has told yet of these."""
        self.order: dict[int, None] = {}
        """The rows in the order in which they were first called."""
        self.shapes: dict[int, tuple[int, ...]] = {}
        """Of each module, by its identity, the shape of what it put out last, without the batch."""

    def open(self) -> None:
        """Look from now on."""
        with self._stopwatch:
            self._opened += 1
            self._moments, self._activated, self._nodes = {}, {}, {}
            self._handles = [
                layer.module.register_forward_hook(OutputHook(self, row)) for row, layer in enumerate(self._layers)
            ]

    def close(self) -> None:
        """Look no more; what was seen stays until it is opened again, all of the graph is let go."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._nodes = [], {}
        self._activations |= self._activated.keys()

    def found(self) -> dict[int, list[Moments]]:
        """What was seen of each row, a record a call: of its activation where there is one."""
        return self._moments | self._activated

    def called(self, row: int, module: nn.Module, inputs: Any, output: Any) -> None:
        """Take note of one call of a layer."""
        if not torch.is_grad_enabled() or not any(root.training for root in self._roots):
            return  # an evaluation
        values = _first_tensor(output)
        if row in self._unmeasured or (values is not None and is_functorch_wrapped_tensor(values)):
            return
        try:
            self._look(row, module, inputs, values)
        except Exception as error:  # noqa: BLE001  # inside of the loop's own pass, which must not end by it
            self._unmeasured.add(row)
            self._moments.pop(row, None)
            self.faults.append(
                f"the outputs of '{self._layers[row].name}' cannot be measured ({type(error).__name__}: {error})"
            )

    def _look(self, row: int, module: nn.Module, inputs: Any, values: Tensor | None) -> None:
        with self._stopwatch, torch.no_grad():
            self._note_activation(inputs)
            if values is not None and values.is_floating_point() and values.numel():
                self.order.setdefault(row)
                self.shapes[id(module)] = tuple(values.shape[1:])
                bounds = _bounds_of(module, values)
                if row not in self._activations:
                    self._add(self._moments, row, values, bounds)
                if values.grad_fn is not None:
                    self._nodes[values.grad_fn] = row, _is_packing()

    def _add(
        self,
        moments: dict[int, list[Moments]],
        row: int,
        values: Tensor,
        bounds: tuple[float, float | None] | None,
    ) -> None:
        calls = moments.setdefault(row, [])
        if len(calls) < MOST_CALLS:
            stride = -(-values.numel() // MOST_NUMBERS)
            seen = values.detach()[::stride] if values.dim() else values.detach()
            calls.append((values.numel(), _moments_of(seen, bounds, with_spreads=self._opened <= SPREAD_PROBES)))

    def _note_activation(self, inputs: Any) -> None:
        """Look back from a layer's input to the activation that it comes from, and to the layer before that."""
        given = _first_tensor(inputs)
        node = None if given is None else given.grad_fn
        for _ in range(DEEPEST):
            if node is None:
                return
            before = node.next_functions[0][0] if node.next_functions else None
            bounds = ACTIVATIONS.get(node.name())
            if bounds is not None:
                row, is_packed = self._nodes.pop(before, (None, False))
                if row is not None and (result := _result_of(node, given, is_packed=is_packed)) is not None:
                    self._add(self._activated, row, result, bounds)
                return
            node = before


def _moments_of(values: Tensor, bounds: tuple[float, float | None] | None, *, with_spreads: bool) -> Tensor:
    values = values if values.dtype == torch.float64 else values.float()
    mean = values.mean()
    # torch.var_mean goes through the numbers one by one, which takes ten times as long.
    variance = (values - mean).square_().mean()
    nothing = torch.full_like(mean, math.nan)
    zeros = nothing if bounds is None else (values == 0).to(values.dtype).mean()
    near = nothing
    if bounds is not None and bounds[1] is not None:
        low, high = bounds[0], bounds[1]
        margin = NEAR * (high - low)
        near = ((values < low + margin) | (values > high - margin)).to(values.dtype).mean()
    spread = _spread(values[:FEW]) if with_spreads and values.dim() > 1 else nothing
    return torch.stack([mean, variance, zeros, near, spread])


def _spread(values: Tensor) -> Tensor:
    """How far units differ: channels come first in an image, features last everywhere else."""
    images = values.dim() > 3
    return relative_spread(values.flatten(2) if images else values.flatten(0, -2).unsqueeze(-1))


def _is_packing() -> bool:
    """Whether autograd hands what it keeps to hooks, such as those of checkpointing, which compute it anew when it is asked for."""
    hooks = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)  # noqa: SLF001  # nothing public tells
    return hooks is not None and hooks(False) is not None


def _result_of(node: Any, given: Tensor | None, *, is_packed: bool) -> Tensor | None:
    """What an activation put out: what the next layer is `given`, or as autograd keeps it.

    `None` where it was changed in place since, or is packed away.
    """
    if given is not None and given.grad_fn is node:
        return given
    if is_packed or _is_packing():
        return None
    try:
        result: Tensor = node._saved_result  # noqa: SLF001  # the name under which autograd documents saved tensors
    except (RuntimeError, AttributeError):
        return None
    return result


def _first_tensor(value: Any) -> Tensor | None:
    """A tensor, or the first of several: recurrent layers put out their state beside it."""
    while isinstance(value, tuple | list) and value:
        value = value[0]
    return value if isinstance(value, Tensor) else None


def _bounds_of(module: nn.Module, values: Tensor) -> tuple[float, float | None] | None:
    """Those of an activation inside of the layer itself: of a recurrent layer, or of one that ends with it."""
    if isinstance(module, BOUNDED):
        return (-1.0, 1.0) if _is_bounded(module) else None
    return None if values.grad_fn is None else ACTIVATIONS.get(values.grad_fn.name())


def _is_bounded(module: nn.Module) -> bool:
    return getattr(module, "nonlinearity", None) != "relu" and getattr(module, "mode", None) != "RNN_RELU"
