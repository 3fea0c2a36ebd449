"""What a module of one's own must be, said in one sentence where it is not; and what is found out of one before it trains."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest
import torch
from annotated_types import Ge
from module_examples import GOOD, LastState, module, registered
from torch import Tensor, nn

from dlbench.catalog import snake_case
from dlbench.parts.arguments import Number
from dlbench.parts.modules import MODULES
from dlbench.parts.modules.facts import facts_of
from dlbench.parts.outline import Block, LayerError, apart_notes, outline

IMAGE = (1, 8, 8)


@pytest.fixture(scope="module", autouse=True)
def modules() -> Iterator[None]:
    """The examples are in the catalogue."""
    with registered(*GOOD):
        yield


def laid(settings: dict[str, Any], shape: tuple[int, ...] = IMAGE) -> Block:
    """The module as a layer for samples of `shape`."""
    return outline({"layers": [settings, {"kind": "flatten"}], "output": {}}, shape, 3)[0]


class Flat(nn.Module):
    """Features of an image through one dense layer, then a function of a test's choice."""

    def __init__(self, shape: tuple[int, ...], then: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.linear, self.then = nn.Linear(math.prod(shape), 6), then

    def forward(self, x: Tensor) -> Any:
        """What the function makes of them."""
        return self.then(self.linear(x.flatten(1)))


def flat(then: Callable[[Tensor], Any]) -> Callable[..., nn.Module]:
    """A builder of it, `wrong` by name."""

    def wrong(shape: tuple[int, ...]) -> nn.Module:
        return Flat(shape, then)

    return wrong


def of(make: Callable[[tuple[int, ...]], Any]) -> Callable[..., Any]:
    """A builder of anything, `wrong` by name."""

    def wrong(shape: tuple[int, ...]) -> Any:
        return make(shape)

    return wrong


WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "a function": (
        of(lambda shape: torch.tanh),
        "'wrong' gives something of the type builtin_function_or_method, where a torch.nn.Module is needed",
    ),
    "a class": (of(lambda shape: nn.Tanh), "'wrong' gives the class Tanh, where a torch.nn.Module is needed"),
    "nothing": (of(lambda shape: None), "'wrong' gives None, where a torch.nn.Module is needed"),
    "breaks when built": (
        of(lambda shape: nn.Linear(shape[3], 2)),
        "'wrong' cannot be built for samples of (1, 8, 8): IndexError: tuple index out of range",
    ),
    "takes another shape": (
        of(lambda shape: nn.Linear(7, 2)),
        "'wrong' does not take samples of (1, 8, 8): RuntimeError: ",
    ),
    "loses the batch": (
        flat(lambda y: y.mean(0, keepdim=True)),
        "'wrong' makes (1, 6) of a batch of 2 samples; it must be (batch, features) or (batch, ...)",
    ),
    "one number a sample": (flat(lambda y: y.mean(1)), "'wrong' makes (2,) of a batch of 2 samples"),
    "by the batch": (
        flat(lambda y: torch.cat([y, y[:1].expand(len(y), 6)[:, : len(y)]], 1)),
        "'wrong' gives samples of (8,) once and of (9,) another time",
    ),
    "a tuple": (
        flat(lambda y: (y, y)),
        "'wrong' gives a tuple (Tensor, Tensor), where a layer gives one tensor; wrap it in a module whose forward",
    ),
    "a dict": (flat(lambda y: {"y": y}), "'wrong' gives a dict, where a layer gives one tensor"),
    "classes": (
        flat(lambda y: y.argmax(1, keepdim=True)),
        "'wrong' gives numbers of torch.int64, which have no gradient",
    ),
    "detached": (flat(lambda y: y.detach()), "'wrong' cannot be trained: ValueError: its output has no gradient"),
    "double precision": (
        of(lambda shape: nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).double()),
        "'wrong' has the parameter '1.weight' of torch.float64 on cpu; build it in torch.float32",
    ),
    "numpy's random numbers": (
        flat(lambda y: y * float(np.random.rand())),  # noqa: NPY002  # as people do
        "'wrong' draws random numbers in its forward that are not torch's",
    ),
    "Python's random numbers": (
        flat(lambda y: y * random.random()),
        "'wrong' draws random numbers in its forward that are not torch's",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_layer_is_one_sentence(case: str) -> None:
    """A module that cannot be a layer is one mistake at its place in the recipe, which says what it does and what is needed."""
    builder, said = WRONG[case]
    with registered(builder), pytest.raises(LayerError) as caught:
        laid({"kind": "module", "module": {"kind": "wrong"}})

    assert str(caught.value).startswith(said)
    assert caught.value.path == ("layers", 0)
    assert "\n" not in str(caught.value)


def no_shape(*, width: int = 3) -> nn.Module:
    """A builder that is not told of shapes."""
    return nn.Linear(width, width)


def no_star(shape: tuple[int, ...], width: int = 3) -> nn.Module:
    """A builder whose argument could come by place."""
    return nn.Linear(shape[0], width)


def no_type(shape: tuple[int, ...], *, width=3) -> nn.Module:  # type: ignore[no-untyped-def]
    """A builder that does not say what its argument is."""
    return nn.Linear(shape[0], width)


def with_number(shape: tuple[int, ...], *, slope: Number = 0.1) -> nn.Module:
    """A builder that would be built for several trials."""
    return nn.LeakyReLU(slope)


def with_repeat(shape: tuple[int, ...], *, repeat: int = 3) -> nn.Module:
    """A builder with a key of all layers."""
    return nn.Linear(shape[0], repeat)


@pytest.mark.parametrize(
    ("builder", "said"),
    [
        (no_shape, "'no_shape' must take the shape of a sample as its first argument"),
        (
            no_star,
            "'no_star' has 'width', which a recipe could not give: whatever follows the shape comes after '*'",
        ),
        (no_type, "'no_type' does not say of which type 'width' is; annotate it"),
        (with_number, "'with_number' cannot take 'slope' as a Number: a module is built for one trial, so write float"),
        (with_repeat, "'with_repeat' has an argument 'repeat', which is a key of every such layer; call it otherwise"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_signature_that_is_no_schema_is_refused(builder: Callable[..., Any], said: str) -> None:
    """A builder whose signature cannot be checked against is refused when it is registered, with an example of how it looks."""
    with pytest.raises(ValueError, match="modules: ") as caught:
        MODULES.add()(builder)

    assert str(caught.value) == f"modules: {said}, as in `def {builder.__name__}(shape, *, width: int = 8)`"
    assert builder.__name__ not in MODULES


@pytest.mark.parametrize("builder", GOOD, ids=lambda builder: builder.__name__)
def test_every_example_is_a_layer(builder: Callable[..., Any]) -> None:
    """Convolutions, attention, recurrent, tied, frozen, unused, lazy and no parameters at all: each is a layer on paper."""
    kind = snake_case(builder.__name__)
    block, net = laid(module(kind)), MODULES[kind].make(IMAGE)
    net.eval()(torch.zeros(2, *IMAGE))

    assert block.parameters == sum(one.numel() for one in net.parameters() if one.requires_grad)
    assert (2, *block.output) == tuple(net(torch.zeros(2, *IMAGE)).shape)


def test_a_weight_in_two_places_is_one() -> None:
    """A tied weight is trained once, under its first name; a frozen one is kept beside the buffers."""
    block = laid(module("tied"))

    assert "second.weight" in block.weights
    assert "third.weight" not in block.weights
    assert set(block.buffers) == {"third.bias"}


def test_which_go_at_once() -> None:
    """Trials go at once where vmap has a rule for all and keeps the bits; what draws, or has none, goes one after the other."""
    reasons = {
        kind: laid(module(kind, **own)).layer.apart
        for kind, own in {  # type: ignore[union-attr]
            "dense_net": {},
            "conv_block": {},
            "attention": {},
            "tied": {},
            "last_state": {},
        }.items()
    }
    drawn = laid(module("dense_net", rate=0.5))

    assert reasons == {
        "dense_net": None,
        "conv_block": None,
        "attention": None,
        "tied": None,
        "last_state": "torch.vmap has no rule for aten::lstm.input",
    }
    assert apart_notes([drawn]) == [
        "module1: trial by trial: slower, same statistics (it draws random numbers while training, each trial from a stream of its own)"
    ]
    assert (
        laid(module("conv_block", width=16), (1, 28, 28)).layer.apart
        == "on a CPU, convolutions of this size are faster so"
    )  # type: ignore[union-attr]


def test_what_is_found_out_is_found_out_once() -> None:
    """Layers of the same module, arguments and shape share what is known of it; of another shape it is something else."""
    first, again, other = (laid(module("dense_net"), shape).layer for shape in (IMAGE, IMAGE, (1, 4, 4)))

    assert first._laid_out is again._laid_out  # type: ignore[union-attr]
    assert first._laid_out is not other._laid_out  # type: ignore[union-attr]


def test_another_builder_of_the_same_name_is_another() -> None:
    """What is known of a module is not taken for that of another one that has its name now."""
    sizes = []
    for units in (2, 5):
        with registered(of(lambda shape, units=units: nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), units)))):
            sizes.append(facts_of({"kind": "wrong"}, IMAGE).output)

    assert sizes == [(2,), (5,)]


def test_numbers_that_a_layer_takes_inside_count() -> None:
    """The room that evaluations need is that of the largest inner output; norms say how small a batch may be."""
    block = laid(module("conv_block", width=4))

    assert block.widest == 8 * 8 * 8
    assert block.layer.smallest_batch(IMAGE) == 1  # type: ignore[union-attr]
    assert laid(module("lazy")).layer.smallest_batch(IMAGE) == 2  # type: ignore[union-attr]
    assert [inner.name for inner in block.inside] == ["conv1", "norm", "conv2"]
    assert [inner.output for inner in block.inside] == [(4, 8, 8), (4, 8, 8), (8, 8, 8)]


def test_a_builder_of_ones_own_may_say_bounds() -> None:
    """The keyword arguments of a class are its schema, bounds included."""

    class Bounded(LastState):
        """An LSTM."""

        def __init__(self, shape: tuple[int, ...], *, units: Annotated[int, Ge(2)] = 4) -> None:
            super().__init__(shape, units=units)

    with registered(Bounded):
        assert MODULES["bounded"].arguments["units"].annotation == Annotated[int, Ge(2)]
