"""Ray itself, as far as the driver needs it: the one module that imports the library."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import ActorDiedError, ActorUnavailableError, GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from dlbench.errors import SetupError
from dlbench.launch.on_ray.agent import Agent, Brief, LostError
from dlbench.launch.on_ray.measuring import measured
from dlbench.launch.on_ray.packing import MIB, Needs
from dlbench.launch.on_ray.room import NodeRoom
from dlbench.plan.devices import cores
from dlbench.plan.machines import Machine

QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
REACH_SECONDS = 10.0
MEASURE_SECONDS = 60.0
ANSWER_SECONDS = 10.0
REGISTER_MS = 200_000
"""How long a node of a Ray that is started here may take; on a busy machine Ray's own half minute is too short."""


class RayCluster:
    """A Ray: that of an address, else of `RAY_ADDRESS`, else one that runs on this machine, else one started here.

    Raises SetupError where it cannot be reached or started.
    """

    def __init__(self, address: str | None, *, store: int) -> None:
        """`store` are the MiB of its store for objects where it is started here."""
        connect(address, store=store)
        self._actor = ray.remote(Agent)
        self._asks = ray.remote(num_cpus=0, max_retries=0)(free_of_nodes)

    def begin(
        self, brief: Brief, datasets: Mapping[str, Any], needs: Needs, node: str | None = None
    ) -> tuple[Any, Any]:
        """Have an agent begin a worker as soon as there is room for it: the agent, and what stands for its answer.

        It waits for a `node` where one is named, unless that has gone.
        """
        options = {"num_cpus": needs.cores, "num_gpus": needs.gpu, "memory": needs.memory}
        given = {name: value for name, value in options.items() if value}
        # Dying is for the driver to see: a new agent gets another checkpoint than this one did.
        where = "SPREAD" if node is None else NodeAffinitySchedulingStrategy(node_id=node, soft=True)
        agent = self._actor.options(max_restarts=0, scheduling_strategy=where, **given).remote()
        return agent, agent.begin.remote(brief, {key: [reference] for key, reference in datasets.items()})

    def take(self, agent: Any, controls: bytes) -> Any:
        """Ask an agent for a parcel; what stands for it."""
        return agent.take.remote(controls)

    def stop(self, agent: Any) -> None:
        """Have an agent's worker end after its step."""
        agent.stop.remote()

    def end(self, agent: Any) -> None:
        """Have an agent end, with all that is left of its worker, be it there or not."""
        with suppress(RayError, GetTimeoutError):
            ray.get(agent.close.remote(), timeout=5.0)
        ray.kill(agent)

    def kill(self, agent: Any) -> None:
        """End an agent that is waiting for room, or does not answer."""
        ray.kill(agent)

    def nodes(self) -> list[NodeRoom]:
        """The nodes that are there, and what of them is free, as Ray knew a moment ago; of one that did not say, nothing."""
        free = self._free()
        return [
            NodeRoom(
                node["NodeID"],
                node["NodeManagerHostname"],
                _room(node["Resources"]),
                _room(free.get(node["NodeID"], {})),
            )
            for node in ray.nodes()
            if node["Alive"]
        ]

    def _free(self) -> Mapping[str, Mapping[str, float]]:
        """What is free on each node, asked by a task: from outside of a Ray (`ray://`) only such know."""
        with suppress(RayError, GetTimeoutError):
            found: dict[str, dict[str, float]] = ray.get(self._asks.remote(), timeout=ANSWER_SECONDS)
            return found
        return {}

    def put(self, content: bytes) -> Any:
        """Hand over bytes, which every node that asks for them gets once."""
        return ray.put(content)

    def ready(self, answers: Sequence[Any], seconds: float) -> set[Any]:
        """Which answers have come, or never will, as soon as there is one, or after so long."""
        if not answers:
            return set()
        there, _ = ray.wait(list(answers), num_returns=1, timeout=seconds)
        if there:
            there, _ = ray.wait(list(answers), num_returns=len(answers), timeout=0)
        return set(there)

    def answer(self, reference: Any) -> Any:
        """An answer that has come; raises LostError where none ever will."""
        try:
            return ray.get(reference)
        except ActorUnavailableError as error:
            raise LostError("it cannot be reached any more") from error
        except ActorDiedError as error:
            raise LostError("its process or its node has ended") from error
        except RayError as error:
            raise LostError(_first_words(error)) from error

    def close(self) -> None:
        """Leave it; one that was started here ends, and whatever this driver has begun ends in any case."""
        ray.shutdown()


def free_of_nodes() -> dict[str, dict[str, float]]:
    """What of each node nobody has taken, by the nodes' ids; runs on any of them."""
    from ray._private.state import available_resources_per_node

    return {str(node): dict(free) for node, free in available_resources_per_node().items()}


def _room(resources: Mapping[str, float]) -> Needs:
    return Needs(int(resources.get("CPU", 0)), float(resources.get("GPU", 0)), int(resources.get("memory", 0)))


def connect(address: str | None, *, store: int) -> None:
    """Be a driver of the Ray at an address, else of the one that is found, else of one that is started here."""
    if not is_found(address):
        os.environ.setdefault("RAY_agent_register_timeout_ms", str(REGISTER_MS))
        own = {"num_cpus": cores(), "include_dashboard": False, "object_store_memory": store * MIB}
        try:
            ray.init("local", **own, **QUIET)
        except Exception as error:
            raise SetupError(f"Ray cannot be started here: {_first_words(error)}") from error


def is_found(address: str | None) -> bool:
    """Connect to the Ray at an address, of `RAY_ADDRESS`, or of this machine; whether there is one, which a named one must be."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    named = address or os.environ.get("RAY_ADDRESS")
    if named:
        _reach(named)
    try:
        ray.init(named or "auto", **({} if named and named.startswith("ray://") else QUIET))
    except Exception as error:
        if named is None and isinstance(error, ConnectionError):
            return False
        raise SetupError(f"no Ray can be reached at {named or 'auto'}: {_first_words(error)}") from error
    return True


def _reach(address: str) -> None:
    """Raise SetupError where nobody listens at an address, which Ray would try for minutes; any other word is Ray's matter."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        try:
            socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS).close()
        except OSError as error:
            raise SetupError(f"no Ray can be reached at {address}: {error.strerror or error}") from error


def found_nodes(address: str | None) -> list[Machine]:
    """The nodes of a Ray; where none is running and none is named, this machine, on which one would be started."""
    if not is_found(address):
        return [Machine(socket.gethostname(), cores())]
    facts = _measured([node["NodeID"] for node in ray.nodes() if node["Alive"]])
    found = [
        Machine(
            name=node["NodeManagerHostname"],
            cores=int(node["Resources"].get("CPU", 0)),
            gpus=int(node["Resources"].get("GPU", 0)),
            memory=int(node["Resources"].get("memory", 0)),
            id=node["NodeID"],
            **(facts.get(node["NodeID"]) or {}),
        )
        for node in ray.nodes()
        if node["Alive"]
    ]
    ray.shutdown()
    return found


def _measured(ids: Sequence[str]) -> dict[str, Any]:
    """What each node says of its speed and versions; nothing of one that does not answer in time, or has no dlbench."""
    measure = ray.remote(num_cpus=0, max_retries=0)(measured)
    there = {one: NodeAffinitySchedulingStrategy(node_id=one, soft=False) for one in ids}
    asked = {one: measure.options(scheduling_strategy=where).remote() for one, where in there.items()}
    ready, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=MEASURE_SECONDS)
    facts: dict[str, Any] = {}
    for one, reference in asked.items():
        if reference in ready:
            with suppress(RayError):
                facts[one] = ray.get(reference)
    return facts


def _first_words(error: BaseException) -> str:
    """What an error says, in a line: Ray's texts go on over many, and name the cause in the last of a traceback."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    named = [line for line in lines if line.startswith(("ModuleNotFoundError:", "ImportError:", "OSError:"))]
    return (named or lines)[0][:300]
