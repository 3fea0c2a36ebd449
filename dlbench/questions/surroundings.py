"""What a run was made with beside its recipe: the environment, as far as it can change numbers or cannot, and the code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from dlbench.errors import DlbenchError
from dlbench.run.folder import read_json

if TYPE_CHECKING:
    from dlbench.plan import Plan
    from dlbench.run.folder import RunFolder

OF_WORKERS = ("device", "device_name", "threads", "torch", "cpu_capability", "native")
"""What workers tell: which device, how many threads, torch's build, the processor's instructions that it uses,
what made the native loop."""

OF_THE_MACHINE = ("python", "platform", "cpu", "cores", "memory")

CHANGES_NUMBERS = frozenset({*OF_WORKERS, "platform", "cpu", "packages.torch", "packages.numpy", "packages.scipy"})
"""What a last bit may depend on, and by it everything after: kernels, the order of sums, the system's mathematics."""


def recorded_environment(folder: RunFolder) -> Mapping[str, Any]:
    """What a run's env.json tells; nothing where there is none, or where it is damaged."""
    try:
        found = read_json(folder.env_file)
    except (DlbenchError, OSError, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}


def environment_of(env: Mapping[str, Any]) -> dict[str, Any]:
    """The machine, the versions of packages and what workers tell, by dotted keys; of several workers every value."""
    found = {key: env[key] for key in OF_THE_MACHINE if key in env}
    found |= {f"packages.{name}": version for name, version in dict(env.get("packages", {})).items()}
    workers = [one for one in dict(env.get("workers", {})).values() if isinstance(one, Mapping)]
    for key in OF_WORKERS:
        if values := sorted({str(one[key]) for one in workers if key in one}):
            found[key] = ", ".join(values)
    return found


def code_of(env: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Version and commit of dlbench, and the sha256 of each file of parts that the run was begun with."""
    parts = {f"parts.{PurePath(one.path).name}": one.sha256 for one in plan.parts}
    return {key: env[key] for key in ("dlbench", "commit") if env.get(key) is not None} | parts
