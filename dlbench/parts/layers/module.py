"""A layer that is a module of torch.nn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from dlbench.parts.arguments import Of, Settings, given
from dlbench.parts.layers.base import LAYERS, Buffer, InnerLayer, LayerContext, Shape, Weight
from dlbench.parts.modules.base import MODULES
from dlbench.parts.torch_code import Arrays, Imported, NoTorchCodeError, TorchCode, arguments
from dlbench.plugins import file_of

if TYPE_CHECKING:
    import torch

    from dlbench.parts.modules.facts import ModuleFacts


@LAYERS.add(random=True, arguments_of="module")
class Module:
    """A net, or a part of one, that is a module of torch.nn: one that comes with dlbench, or of a file of your own.

    What the module takes is written beside its name, `{ kind = "module", module = "my_block", width = 3 }`. Its parameters are
    trained, each trial's own, which begin as the module's constructor draws them from the trial's seed; buffers are kept with them.
    Trials go at once by torch.vmap where that gives the same bits as one after the other, which is tried before anything trains;
    else they go one after the other: slower, the same statistics. docs/extending.md tells how to write one.

    module: the name of the module; `dlbench parts modules` lists them.
    """

    def __init__(self, *, module: Annotated[Settings, Of("modules")]) -> None:
        self.module = module
        self._laid_out: ModuleFacts | None = None

    def output(self, shape: Shape) -> Shape:
        """What the module makes of a sample; raises `ShapeError` where it cannot be built or is no layer."""
        return self._facts(shape).output

    def weights(self, shape: Shape) -> Mapping[str, Weight]:
        """The module's parameters that are not frozen, by their names in it."""
        return self._facts(shape).weights

    def buffers(self, shape: Shape) -> Mapping[str, Buffer]:
        """The module's buffers, and what of its parameters is frozen."""
        return self._facts(shape).buffers

    def initial_tensors(self, shape: Shape, generator: torch.Generator) -> Mapping[str, torch.Tensor]:
        """Everything as the module's constructor makes it, all random numbers drawn from the generator's seed."""
        from dlbench.parts.modules.building import built, kept, trained

        module = built(self.module["kind"], given(self.module), shape, generator.initial_seed())
        return trained(module) | kept(module)

    def inside(self, shape: Shape) -> Sequence[InnerLayer]:
        """The modules inside that have parameters, in the order in which they are called."""
        return self._facts(shape).inside

    def most_inside(self, shape: Shape) -> int:
        """The largest output of any of them."""
        return self._facts(shape).most_inside

    def smallest_batch(self, shape: Shape) -> int:
        """Two samples, where one is not enough for a norm of the module."""
        return self._facts(shape).smallest_batch

    @property
    def apart(self) -> str | None:
        """Why trials go one after the other."""
        return None if self._laid_out is None else self._laid_out.tried.apart

    @property
    def at_test(self) -> bool:
        """Whether the module draws random numbers in evaluations too."""
        return self._laid_out is not None and self._laid_out.tried.draws_at_test

    def forward(self, x: torch.Tensor, weights: Mapping[str, torch.Tensor], place: LayerContext) -> torch.Tensor:
        """Samples of the shape that it was laid out for, `[trials, batch, ...]`, each trial through the module with its weights."""
        from dlbench.parts.modules.running import one_by_one, taken_twice, together, without_slow_rules

        facts = self._facts(tuple(x.shape[2:]))
        if facts.module.training != place.training:
            facts.module.train(place.training)
        kept, watched = place.buffers, facts.watched if place.inner is not None else ()
        count = facts.tried.at_once(training=place.training, trials=len(x), on_cpu=x.is_cpu)
        if count:
            way = together if count == len(x) else taken_twice
            with without_slow_rules() if facts.tried.slow_rule else nullcontext():
                ran = way(facts.module, weights, kept, x, watched)
        else:
            draws = facts.tried.draws if place.training else facts.tried.draws_at_test
            ran = one_by_one(facts.module, weights, kept, x, watched, place.generators if draws else ())
        if place.training:
            for name, buffer in place.buffers.items():
                buffer.copy_(ran.kept[name])
        if place.inner is not None:
            place.inner += ran.inner
        return ran.y

    def as_torch(self, shape: Shape) -> TorchCode:
        """A call of what builds the module, which is imported; the names of its state are the module's own."""
        made = MODULES[self.module["kind"]].make
        file = file_of(made.__module__)
        source = made.__module__ if file is None else Path(file.path).stem
        if not made.__qualname__.isidentifier() or (file is not None and not source.isidentifier()):
            raise NoTorchCodeError(
                f"'{made.__qualname__}' of {source} cannot be imported by that name; put it at the top of a file such as mine.py"
            )
        call = f"{source}.{made.__qualname__}({arguments(shape, **given(self.module))})"
        needed = Imported(source, None if file is None else file.path)
        return TorchCode(call, weights=partial(state_of, self._facts(shape).module), imports=(needed,))

    def _facts(self, shape: Shape) -> ModuleFacts:
        if self._laid_out is None:
            from dlbench.parts.modules.facts import facts_of

            self._laid_out = facts_of(self.module, shape)
        return self._laid_out


def state_of(module: torch.nn.Module, own: Arrays) -> Arrays:
    """A trial's weights and buffers by the names of a module's state; what stands in several places by all of them."""
    first = {id(one): name for name, one in [*module.named_parameters(), *module.named_buffers()]}
    state = module.state_dict(keep_vars=True)
    return {name: own[first[id(one)]].reshape(one.shape) for name, one in state.items()}
