"""`python -m dlbench.launch.on_ray.nodes [ADDRESS]`: the nodes of a Ray as JSON; where none is running, this machine."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict

import orjson

from dlbench.errors import DlbenchError, SetupError
from dlbench.launch.local import child_environment
from dlbench.plan.machines import Machine
from dlbench.plan.reading import typed


def nodes(address: str | None) -> list[Machine]:
    """The nodes of a Ray, asked by a process of its own: this one does without the library.

    Raises SetupError where it cannot be reached.
    """
    words = [sys.executable, "-P", "-m", "dlbench.launch.on_ray.nodes", *filter(None, [address])]
    done = subprocess.run(words, capture_output=True, env=child_environment(1), text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it ended without a word"]
        raise SetupError(lines[-1].removeprefix("error: "))
    return [typed(Machine, node) for node in orjson.loads(done.stdout.splitlines()[-1])]


def main() -> int:
    """Print the nodes."""
    from dlbench.launch.on_ray.cluster import found_nodes

    try:
        found = found_nodes(sys.argv[1] if len(sys.argv) > 1 else None)
    except DlbenchError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    sys.stdout.write(orjson.dumps([asdict(node) for node in found]).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
