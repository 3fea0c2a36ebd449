"""A Ray that is made up: nodes of given speeds, a clock that only the driver moves, and workers that train nothing, but as long.

The driver is the real one, with its folder, its parcels and checkpoints; how long it all takes is known without waiting for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlbench.launch.freight import Parcel
from dlbench.launch.on_ray.agent import Begun, Brief
from dlbench.launch.on_ray.packing import GIB, Needs
from dlbench.launch.on_ray.room import NodeRoom
from dlbench.plan import Plan
from dlbench.plan.placement import START_SECONDS
from dlbench.run.event_line import EVENT_VERSION, encode_event

MEMORY = 1024 * GIB


@dataclass(eq=False)
class SimulatedNode:
    """A node: its cores, and the costs a second that a worker does there at a time."""

    name: str
    cores: int
    speed: Callable[[float], float]
    taken: int = 0


@dataclass(eq=False)
class SimulatedAgent:
    """A worker: its brief, the node that it was asked for and has, the stacks that it has done, how far the present one is."""

    brief: Brief
    needs: Needs
    wanted: str | None
    node: SimulatedNode | None = None
    begun: float = 0.0
    until: float = 0.0
    place: int = 0
    done: float = 0.0
    seq: int = 0
    is_told: bool = False
    lines: list[bytes] = field(default_factory=list)

    def tell(self, time: float, kind: str, **fields: Any) -> None:
        """An event of its own."""
        self.lines.append(encode_event({"v": EVENT_VERSION, "seq": self.seq, "time": time, "kind": kind, **fields}))
        self.seq += 1


class SimulatedRay:
    """What the driver asks of a Ray; `time` goes on while it waits."""

    def __init__(self, plan: Plan, nodes: Sequence[SimulatedNode]) -> None:
        self.plan, self.sites = plan, list(nodes)
        self.time = 0.0
        self.agents: list[SimulatedAgent] = []
        self._waiting: list[SimulatedAgent] = []

    def now(self) -> float:
        """The clock."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.time += seconds

    def begin(
        self, brief: Brief, datasets: Mapping[str, Any], needs: Needs, node: str | None = None
    ) -> tuple[SimulatedAgent, Any]:
        """Place a worker as soon as there is room, on the node that has most of it where none is named."""
        del datasets
        agent = SimulatedAgent(brief, needs, node)
        self.agents.append(agent)
        self._waiting.append(agent)
        self._place()
        return agent, ("begin", agent)

    def take(self, agent: SimulatedAgent, controls: bytes) -> Any:
        """Ask for a parcel."""
        del controls
        return ("take", agent, object())

    def ready(self, answers: Sequence[Any], seconds: float) -> set[Any]:
        """What has come; where nothing has, after so long."""
        there = {one for one in answers if one[0] == "take" or one[1].node is not None}
        if not there:
            self.time += seconds
        return there

    def answer(self, reference: Any) -> Begun | Parcel:
        """Where it has begun, or what it has done since."""
        agent = reference[1]
        if reference[0] == "begin":
            return Begun(agent.node.name, agent.node.name)
        return self._parcel(agent)

    def stop(self, agent: SimulatedAgent) -> None:
        """Have it end with a checkpoint."""
        agent.is_told = True

    def end(self, agent: SimulatedAgent) -> None:
        """Give its cores back."""
        if agent in self._waiting:
            self._waiting.remove(agent)
        elif agent.node is not None:
            agent.node.taken -= agent.needs.cores
        self._place()

    kill = end

    def put(self, content: bytes) -> bytes:
        """Nothing travels here."""
        return content

    def nodes(self) -> list[NodeRoom]:
        """What there is, and what is free."""
        return [
            NodeRoom(one.name, one.name, Needs(one.cores, 0.0, MEMORY), Needs(one.cores - one.taken, 0.0, MEMORY))
            for one in self.sites
        ]

    def _place(self) -> None:
        for agent in list(self._waiting):
            room = [one for one in self.sites if one.cores - one.taken >= agent.needs.cores]
            room = [one for one in room if agent.wanted in {None, one.name}]
            if room:
                agent.node = max(room, key=lambda one: (one.cores - one.taken) / one.cores)
                agent.node.taken += agent.needs.cores
                agent.begun = agent.until = self.time + START_SECONDS
                agent.done = self._cost(agent) * self._part(agent)
                self._waiting.remove(agent)

    def _cost(self, agent: SimulatedAgent) -> float:
        return self.plan.stacks[agent.brief.stacks[agent.place]].cost

    def _part(self, agent: SimulatedAgent) -> float:
        """How much of the stack that now begins the checkpoint has that was handed on."""
        content = agent.brief.files.get(f"checkpoints/stack-{agent.brief.stacks[agent.place]}.pt")
        return float(content) if content else 0.0

    def _parcel(self, agent: SimulatedAgent) -> Parcel:
        """Train on until now."""
        assert agent.node is not None
        agent.lines = []
        checkpoints: dict[str, bytes] = {}
        while agent.until < self.time:
            left, speed = self._cost(agent) - agent.done, agent.node.speed(agent.until)
            seconds = min(left / speed, self.time - agent.until)
            agent.until += seconds
            agent.done += seconds * speed
            if agent.done < self._cost(agent) * (1 - 1e-9):
                continue
            agent.tell(agent.until, "end", stack=agent.brief.stacks[agent.place], status="done", error=None)
            agent.place += 1
            if agent.place == len(agent.brief.stacks):
                agent.tell(agent.until, "end", stack=None, status="done", error=None)
                return Parcel(b"".join(agent.lines), exit_code=0)
            agent.done = self._cost(agent) * self._part(agent)
        stack, part = agent.brief.stacks[agent.place], agent.done / self._cost(agent)
        if agent.until >= agent.begun and self.time >= agent.begun:
            step = int(part * self.plan.stacks[stack].steps)
            agent.tell(self.time, "heartbeat", stack=stack, step=step, rate=None, paused=False)
        if agent.is_told:
            checkpoints[f"checkpoints/stack-{stack}.pt"] = f"{part}".encode()
            agent.tell(self.time, "end", stack=stack, status="stopped", error=None)
            agent.tell(self.time, "end", stack=None, status="stopped", error=None)
        return Parcel(b"".join(agent.lines), checkpoints=checkpoints, exit_code=0 if agent.is_told else None)
