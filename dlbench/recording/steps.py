"""The steps of a loop: counted by the hooks of its optimizers, some of them probed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from dlbench.recording.backward import BackwardWatch
from dlbench.recording.budget import Stopwatch, TimeBudget
from dlbench.recording.layers import RecordedLayer
from dlbench.recording.outputs import OutputWatch
from dlbench.recording.probing import ProbedStep
from dlbench.recording.strangers import StrangerWatch

PATIENCE = 32
"""Steps of an optimizer in which another may do nothing and still belong to the same step of the loop."""


NO_STEPS = {
    True: "no step was told of, so nothing but what was logged is known; with optimizer=None call run.step() after each step",
    False: "no step of the optimizer was seen, so nothing but what was logged is known; was it given the one that steps?",
}
"""What is said of a loop without any step, whether it moves its weights by hand or not."""


class StepListener(Protocol):
    """Who is told of steps."""

    def on_probe(self, step: int, fields: dict[str, Any]) -> None:
        """A step was probed."""

    def on_step(self, step: int) -> float:
        """So many steps are done, the next has not begun; returns how many seconds nobody need tell of steps."""

    def on_fault(self, error: Exception) -> None:
        """The recording itself failed: the loop goes on without it."""

    def on_note(self, text: str) -> None:
        """Whoever reads the recording must know this."""


class StepWatch:
    """Counts steps, and measures those that the budget allows.

    With several optimizers a step is over once each of them has stepped: of a GAN whose discriminator steps five times for each
    step of the generator, it is one of the generator's, and the first of each is measured. One that does not step while another
    does so `PATIENCE` times is waited for no more until it steps again. Without an optimizer the loop says when a step is over.
    Nothing here changes a bit of the training, and no fault here ends it.
    """

    def __init__(
        self,
        layers: Sequence[RecordedLayer],
        optimizers: Sequence[Optimizer],
        outputs: OutputWatch | None,
        backward: BackwardWatch | None,
        budget: TimeBudget,
        stopwatch: Stopwatch,
        listener: StepListener,
    ) -> None:
        """Without `outputs` those of the layers are not looked at, without `backward` gradients only when the step uses them."""
        self.layers, self.optimizers, self.outputs, self.budget = layers, list(optimizers), outputs, budget
        self.backward = backward
        self._listener, self._stopwatch = listener, stopwatch
        self.step = 0
        """Steps that are done."""
        self.calls = 0
        """Steps of all optimizers."""
        self.clipped: list[bool] = []
        """Of the probed steps in which gradients were changed before the step, whether they were made smaller."""
        self.probes = True
        """Whether it may probe at all."""
        self._stepped: Counter[int] = Counter()
        """How often each optimizer has stepped in this step of the loop."""
        self._awaited = {id(one) for one in self.optimizers}
        self._probe: ProbedStep | None = None
        self._skipped: Tensor | None = None
        self._handles: list[RemovableHandle] = []
        self._probe_handles: list[RemovableHandle] = []
        """Hooks before the step, which only a probed one has."""
        self._quiet_until = 0.0
        """Until then, by the clock, nobody waits for a step: all others are only counted."""
        self._pid = os.getpid()
        every = [one for layer in layers for one in layer.weights]
        self._strangers = StrangerWatch(every, lambda: self.calls, self._follow)

    @property
    def skipped(self) -> int:
        """Steps that fused optimizers left out because a scaled gradient was no number; asking waits for the device."""
        return 0 if self._skipped is None else int(self._skipped.item())

    def attach(self) -> None:
        """Begin: the next step is the first."""
        is_plain = len(self.optimizers) == 1 and not _scales(self.optimizers[0])
        for one in self.optimizers:
            self._attach_to(one, self._after_only if is_plain else self._after)
        if self.optimizers:
            self._strangers.attach()
        self._guarded(self._begin)

    def _attach_to(self, optimizer: Optimizer, hook: Callable[..., None]) -> None:
        self._handles.append(optimizer.register_step_post_hook(hook))
        self._strangers.know(optimizer)

    def detach(self) -> None:
        """Take every hook away."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        self._strangers.detach()
        self.drop_probe()

    def drop_probe(self) -> None:
        """Let go of the step that is being probed."""
        self._probe = None
        self._unhook()

    def by_hand(self) -> None:
        """The loop itself has moved the weights."""
        if perf_counter() < self._quiet_until:
            self.step += 1
            return
        self._guarded(self._moved)
        self._guarded(self._end)

    # --- hooks --------------------------------------------------------------------------------------------------------

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
        if os.getpid() != self._pid:
            return None
        if self._probe is None or id(optimizer) in self._stepped:
            return None
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        if closure is None:
            self._guarded(self._measure, optimizer)
            return None
        # The gradient is computed inside of the step: that of the closure's first call is meant.
        self._guarded(self._keep, optimizer)
        wrapped = self._wrapped(optimizer, closure)
        return ((args[0], wrapped, *args[2:]), kwargs) if len(args) > 1 else (args, {**kwargs, "closure": wrapped})

    def _after_only(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """After each step of an optimizer that has no others beside it; nearly always this is all that a recording does."""
        if perf_counter() < self._quiet_until:
            self.calls += 1
            self.step += 1
            return
        self._after(optimizer, args, kwargs)

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if os.getpid() != self._pid:
            return
        self.calls += 1
        self._count_skipped(optimizer)
        if self._probe is not None:
            self._guarded(self._moved)
        self._stepped[id(optimizer)] += 1
        self._awaited.add(id(optimizer))
        if self._stepped[id(optimizer)] >= PATIENCE:
            self._awaited &= self._stepped.keys()
        if self._awaited <= self._stepped.keys():
            self._guarded(self._end)

    def _wrapped(self, optimizer: Optimizer, closure: Callable[[], Any]) -> Callable[[], Any]:
        is_first = True

        def call() -> Any:
            nonlocal is_first
            result = closure()
            if is_first:
                is_first = False
                self._guarded(self._measure, optimizer)
            return result

        return call

    # --- one step -----------------------------------------------------------------------------------------------------

    def _begin(self, look: float = 0.0) -> None:
        """Begin a step; the listener waits for none within `look` seconds."""
        if not self.probes or not self.budget.wants(self.step):
            rest = min(look, self.budget.rest) if self.probes else look
            self._quiet_until = perf_counter() + rest
            return
        self._quiet_until = 0.0
        self.budget.begin_probe(self.step)
        self._probe = ProbedStep(self.layers, self._stopwatch, self.backward)
        self._probe_handles = [one.register_step_pre_hook(self._before) for one in self.optimizers]
        if not self.optimizers:
            self._probe.keep_weights(parameter for layer in self.layers for parameter in layer.weights)
        if self.outputs is not None:
            self.outputs.open()
        if self.backward is not None:
            self.backward.open()

    def _keep(self, optimizer: Optimizer) -> None:
        if self._probe is not None:
            self._probe.keep_weights(_parameters_of(optimizer))

    def _measure(self, optimizer: Optimizer) -> None:
        """What its parameters and their gradients are before the step; those of a fused optimizer may still be scaled."""
        if self._probe is not None:
            self._probe.measure_gradients(_parameters_of(optimizer), getattr(optimizer, "grad_scale", None))
            self._probe.keep_weights(_parameters_of(optimizer))

    def _moved(self) -> None:
        if self._probe is not None:
            if not self.optimizers:
                self._probe.measure_gradients(parameter for layer in self.layers for parameter in layer.weights)
            self._probe.measure_updates()

    def _end(self) -> None:
        """The step is over; whoever listens may end the loop here, between two steps."""
        probe, self._probe = self._probe, None
        self._stepped.clear()
        if probe is not None:
            self._unhook()
            self._guarded(self._finish, probe)
        self.step += 1
        if perf_counter() < self._quiet_until:
            return
        self._begin(self._listener.on_step(self.step))

    def _unhook(self) -> None:
        for handle in self._probe_handles:
            handle.remove()
        self._probe_handles = []
        if self.outputs is not None:
            self.outputs.close()
        if self.backward is not None:
            self.backward.close()

    def _finish(self, probe: ProbedStep) -> None:
        fields = probe.finish({} if self.outputs is None else self.outputs.found())
        if probe.is_clipped is not None and self.backward is not None:
            self.clipped.append(probe.is_clipped)
            self.backward.is_needed = True
        self.budget.probed(self.step, *self._stopwatch.reset())
        with self._stopwatch:  # booked with the next probe, since this one tells what it has cost
            self._listener.on_probe(self.step, fields)

    def _count_skipped(self, optimizer: Optimizer) -> None:
        found = getattr(optimizer, "found_inf", None)
        if isinstance(found, Tensor):
            with torch.no_grad():
                new = (found > 0).sum()
                self._skipped = new if self._skipped is None else self._skipped + new.to(self._skipped.device)

    def _follow(self, optimizer: Optimizer) -> None:
        """Go on with an optimizer that moves the weights from now on; the two steps that it has taken alone count."""
        if os.getpid() != self._pid:
            return
        self.drop_probe()
        self._stepped.clear()
        self.optimizers.insert(0, optimizer)
        self._awaited = {id(optimizer)}
        self._attach_to(optimizer, self._after)
        self._guarded(
            self._listener.on_note,
            f"an optimizer that record was not given ({type(optimizer).__name__}) has taken over after step {self.step}; "
            "it is recorded from then on, its first two steps without a probe",
        )
        self.calls += 2
        self.step += 1
        self._guarded(self._end)

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is none of the loop's
            self.drop_probe()
            self._listener.on_fault(error)


def _scales(optimizer: Optimizer) -> bool:
    """Whether a GradScaler leaves it to the optimizer to divide gradients, and to skip steps."""
    return bool(getattr(optimizer, "_step_supports_amp_scaling", False))


def _parameters_of(optimizer: Optimizer) -> Iterator[nn.Parameter]:
    for group in optimizer.param_groups:
        yield from group["params"]
