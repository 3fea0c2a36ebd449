"""In which way a stack's steps are taken: by torch, or by the native loop where the plan has it and it can be built here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from dlbench.engine.native.build import library
from dlbench.engine.native.steps import NativeSteps
from dlbench.engine.steps import Steps, TorchSteps
from dlbench.plan import Plan, Way


class Ways:
    """The ways that are there for one stack, and which one it goes."""

    def __init__(self, wanted: Way, torch_steps: TorchSteps, native: Callable[..., NativeSteps]) -> None:
        """`native` makes the steps of a loop."""
        self._steps: dict[Way, Steps] = {"torch": torch_steps}
        if wanted == "native" and torch_steps.device.type == "cpu" and (loop := library().train) is not None:
            self._steps["native"] = native(loop)
        self.taken: Way = wanted if wanted in self._steps else "torch"

    @property
    def steps(self) -> Steps:
        """Who takes them."""
        return self._steps[self.taken]

    def follow(self, way: Way, steps: int) -> list[str]:
        """Go on in the way in which the first `steps` steps were taken, since the other ends with other digits; or tell of that."""
        self.taken = way if way in self._steps else "torch"
        if way == self.taken:
            return []
        gone = f"the native loop took {steps:,} steps of this stack and is not here ({library().says})"
        return [
            f"{gone}; torch goes on, so the last digits of its numbers may be others than on the machine where it began"
        ]


def native_facts(plan: Plan, stacks: Sequence[int], device: torch.device) -> tuple[str | None, list[str]]:
    """What made the native loop, where any of a worker's stacks is to be trained by it; and what is said where it is not there."""
    if device.type != "cpu" or all(plan.stacks[stack].way == "torch" for stack in stacks):
        return None, []
    found = library()
    if found.train is not None:
        return found.says, []
    return None, [
        f"there is no native loop here: {found.says}; torch trains instead, slower, with the same results but for rounding"
    ]
