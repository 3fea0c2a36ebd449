"""What a worker on another node needs of its run: the files of the folder, the files of parts, the datasets made of files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from dlbench.launch.on_ray.agent import Brief
from dlbench.launch.on_ray.order import Order, WorkerShare
from dlbench.parts.datasets.carried import has_files, key_of, own_arguments
from dlbench.plan import Plan, WorkerPlan
from dlbench.plan.data import data_of_stack
from dlbench.plan.recorded import as_data
from dlbench.run.folder import RunFolder, previous

MIB, GIB = 2**20, 2**30
PROCESS = 600 * MIB
"""What a worker takes before it has a net: Python, torch, a small dataset."""
COPIES = 8
"""Numbers that training holds for each weight at most: itself, its gradient, two of the optimizer's, and their copies."""


@dataclass(frozen=True)
class Needs:
    """What Ray sets aside for a worker: cores, a share of a GPU, bytes of memory."""

    cores: int
    gpu: float = 0.0
    memory: int = 0


def brief_of(folder: RunFolder, order: Order, session: int, share: WorkerShare, controls: bytes) -> Brief:
    """A worker's brief, with the newest checkpoint of each of its stacks."""
    plan = folder.read_plan()
    files = {folder.plan_file.name: orjson.dumps(as_data(_for_node(plan))), folder.control_file.name: controls}
    for path in (folder.env_file, folder.workers_file):
        if path.is_file():
            files[path.name] = path.read_bytes()
    for path in filter(None, (_newest(folder.checkpoint_file(stack)) for stack in share.stacks)):
        files[path.relative_to(folder.path).as_posix()] = path.read_bytes()
    parts = {
        f"{number}-{Path(file.path).name}": Path(file.path).read_bytes() for number, file in enumerate(order.parts)
    }
    return Brief(
        session, share.worker, share.stacks, share.threads, order.attended, order.looking, files=files, parts=parts
    )


def _newest(path: Path) -> Path | None:
    """The checkpoint, or the one before it where a kill fell between two renames; `None` before the first."""
    return next((one for one in (path, previous(path)) if one.is_file()), None)


def _for_node(plan: Plan) -> Plan:
    """The plan as a node sees it: of GPUs each worker is shown its own, as the first."""
    return replace(plan, workers=[replace(worker, device=_device(worker)) for worker in plan.workers])


def _device(worker: WorkerPlan) -> str:
    return "cuda:0" if worker.device.startswith("cuda") else worker.device


def needs_of(plan: Plan, order: Order, share: WorkerShare) -> Needs:
    """What Ray sets aside for a worker."""
    worker = plan.workers[share.worker]
    largest = max((len(plan.stacks[one].trials) * plan.stacks[one].parameters for one in share.stacks), default=0)
    memory = PROCESS + 4 * COPIES * largest if order.memory is None else int(order.memory * GIB)
    return Needs(share.threads, order.gpu if worker.device.startswith("cuda") else 0.0, memory)


def datasets_of(plan: Plan, stacks: Collection[int]) -> dict[str, tuple[str, dict[str, Any]]]:
    """The datasets of stacks that are made of files, by their keys: their kinds and own arguments."""
    found = {}
    for settings in (data_of_stack(plan, stack) for stack in stacks):
        if has_files(settings["kind"]):
            own = own_arguments(settings)
            found[key_of(settings["kind"], own)] = (settings["kind"], own)
    return found
