"""The weights that a trial ended with, from its stack's last checkpoint or from those that the run kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from dlbench.errors import DlbenchError
from dlbench.parts.datasets import describe
from dlbench.parts.outline import leaves, outline, slots_of
from dlbench.parts.tasks import task_of
from dlbench.run import weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dlbench.plan import Plan
    from dlbench.run.folder import RunFolder

    Arrays: TypeAlias = Mapping[str, NDArray[Any]]


def final_weights(folder: RunFolder, plan: Plan, stack: int, trial: str) -> Arrays | str:
    """Weights and buffers of a trial by name (`dense1.weight`), in the order of the forward pass; in words why there are none.

    They are read from its stack's checkpoint, which every run has until somebody removes it, or else from what the run kept. The
    dataset must be on this machine, since the shapes of the layers follow from it.
    """
    try:
        found = _of_checkpoint(folder, plan, stack, trial) or _kept(folder, stack, trial)
    except DlbenchError as error:
        return str(error)
    return (
        found
        or f"{folder.checkpoint_file(stack).name} is gone, and the run kept no weights (`dlbench run --save-weights`)"
    )


def _of_checkpoint(folder: RunFolder, plan: Plan, stack: int, trial: str) -> Arrays | None:
    from dlbench.engine import checkpoint

    found = checkpoint.read(folder.checkpoint_file(stack))
    if found is None or trial not in found.trials:
        return None
    row = found.trials.index(trial)
    settings = plan.candidates[next(one.candidate for one in plan.trials if one.id == trial)].settings
    source = describe(settings["data"])
    blocks = outline(settings["model"], source.shape, task_of(source, settings).outputs)
    slots = slots_of(blocks)
    if slots[-1].stop > found.weights.shape[1]:
        raise DlbenchError("its checkpoint is of a net of another size, as where the data have changed since")
    own = {slot.name: slot.of(found.weights)[row] for slot in slots}
    own |= {
        f"{block.name}.{name}": found.buffers[block.name][name][row]
        for block in leaves(blocks)
        for name in block.buffers
    }
    return {name: tensor.numpy() for name, tensor in own.items()}


def _kept(folder: RunFolder, stack: int, trial: str) -> Arrays | None:
    path = folder.weights_file(stack)
    found = weights.read(path, {trial}).get(trial) if path.is_file() else None
    return None if found is None else found.tensors
