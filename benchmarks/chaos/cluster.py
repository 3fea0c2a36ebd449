"""`python -m benchmarks.chaos.cluster`: kills on a Ray cluster of three nodes, and what a cluster costs beside this machine."""

from __future__ import annotations

import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import psutil
import typer
from rich.console import Console

from benchmarks.chaos.bench import RECIPE, Bench, Process, is_done, numbers
from benchmarks.chaos.tally import Tally
from dlbench.launch.status import status
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder
from dlbench.run.workers import read

MARK = "DLBENCH_CHAOS"
"""A variable by which processes of this very chaos are told from all others."""
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
TARGETS = ("worker", "agent", "node", "driver")
MOST = 8
"""Kills of one run, after which it is left in peace."""
STEPS = 2000


@dataclass
class Nodes:
    """A Ray on this machine: a head, and nodes that can be killed, each with one core."""

    cluster: Any
    mark: str

    def kill(self, rng: random.Random) -> bool:
        """End a node's processes at once, as a power cut does, and let another one join; whether there was one."""
        victims = [node for node in self.cluster.list_all_nodes() if node is not self.cluster.head_node]
        if victims:
            self.cluster.remove_node(rng.choice(victims), allow_graceful=False)
        try:
            self.cluster.add_node(**NODE)
        except Exception as error:  # noqa: BLE001  # Ray gives a node half a minute to start, which a busy machine may exceed
            Console().print(f"a node did not join: {error}")
        return bool(victims)

    def workers(self) -> list[psutil.Process]:
        """The processes that train on its nodes."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and "dlbench.engine" in process.cmdline():
                    found.append(process)
            except psutil.Error:
                continue
        return found


@contextmanager
def nodes(count: int) -> Iterator[Nodes]:
    """So many nodes, which every dlbench that is started here meanwhile finds."""
    from ray.cluster_utils import Cluster

    mark = uuid4().hex
    os.environ |= {MARK: mark, "RAY_agent_register_timeout_ms": "200000", "RAY_USAGE_STATS_ENABLED": "0"}
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    try:
        for _ in range(count - 1):
            cluster.add_node(**NODE)
        cluster.wait_for_nodes()
        os.environ["RAY_ADDRESS"] = cluster.address
        yield Nodes(cluster, mark)
    finally:
        os.environ.pop("RAY_ADDRESS", None)
        cluster.shutdown()


@dataclass
class Chain:
    """One run on the cluster that loses workers, agents, nodes and its driver again and again."""

    bench: Bench
    nodes: Nodes
    rng: random.Random
    tally: Tally
    most: int
    kills: list[str] = field(default_factory=list)

    def run(self, expected: list[Any]) -> None:
        """Kill until there were enough or the run is done, then hold it against what was `expected`."""
        process = self._start()
        while len(self.kills) < self.most and process.popen.poll() is None:
            time.sleep(self.rng.uniform(0.5, 6.0))
            folder = self.bench.newest()
            if folder is not None and process.popen.poll() is None and self._is_hit(folder):
                process = self._gone_on(process, folder)
        process.wait()
        folder = self.bench.newest()
        assert folder is not None, process.said
        while not is_done(folder):
            self._resume(folder).wait()
        same = numbers(folder) == expected
        if not same or self.nodes.workers():
            self.tally.fault(f"{folder.path}: {'workers are left' if same else 'another table'} after {self.kills}")
        told = " ".join(str(event.get("text")) for event in EventReader(folder).poll() if event["kind"] == "note")
        followed = told.count("was lost") + len({one.token.started for one in read(folder)}) - 1
        for kind in self.kills:
            self.tally.add(kind, same=same, told=followed > 0)

    def _start(self) -> Process:
        out = ("--out", str(self.bench.results))
        return self.bench.dlbench(
            *("run", "chaos.toml", "--device", "cpu", "--display", "plain", "--on", "ray", "--workers", "2", *out)
        )

    def _resume(self, folder: RunFolder) -> Process:
        return self.bench.dlbench("run", "--resume", str(folder.path), "--display", "plain", "--on", "ray")

    def _gone_on(self, process: Process, folder: RunFolder) -> Process:
        """The same process, or the one that resumes a run whose driver was killed."""
        if self.kills[-1] != "driver":
            return process
        process.wait()
        return process if is_done(folder) else self._resume(folder)

    def _is_hit(self, folder: RunFolder) -> bool:
        """Kill something, if it is there."""
        target = self.rng.choice(TARGETS)
        if target == "node":
            if not self.nodes.kill(self.rng):
                return False
        elif target == "driver":
            if not (launched := read(folder)) or not status(folder).alive:
                return False
            os.kill(int(str(launched[-1].token.id).partition("/")[0]), signal.SIGKILL)
        else:
            workers = self.nodes.workers()
            if not workers:
                return False
            worker = self.rng.choice(workers)
            victim = worker if target == "worker" else worker.parent()
            if victim is None:
                return False
            victim.kill()
        self.kills.append(target)
        return True


def overhead(base: Path, tally: Tally, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of a plan of two workers here and on two nodes, in turn: from the first word to the last in the folder."""
    here: list[float] = []
    there: list[float] = []
    for number in range(rounds):
        for seconds, where in ((here, ()), (there, ("--on", "ray"))):
            bench = Bench(base / f"{number}-{'there' if where else 'here'}", RECIPE.replace("600", "20000"))
            out = ("--out", str(bench.results))
            bench.dlbench(
                "run", "chaos.toml", "--device", "cpu", "--display", "none", "--workers", "2", *where, *out
            ).wait()
            folder = bench.newest()
            if folder is None or not is_done(folder):
                tally.fault(f"{bench.folder}: not done")
                continue
            began = min(event["time"] for event in EventReader(folder).poll() if event["kind"] == "run")
            seconds.append(max(path.stat().st_mtime for _, _, path in folder.events_files()) - began)
    return here, there


def main(
    kills: Annotated[int, typer.Option(min=0, help="How many kills at least.")] = 50,
    rounds: Annotated[int, typer.Option(min=0, help="How often the cost is measured.")] = 3,
    seed: Annotated[int, typer.Option(help="Of what happens when.")] = 0,
) -> None:
    """Kill at random instants, count what ends with another table, and measure what the cluster costs."""
    began, tally, console, rng = time.monotonic(), Tally(), Console(width=100), random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="dlbench-cluster-") as place:
        base, recipe = Path(place), RECIPE.replace("600", str(STEPS))
        if rounds:
            with nodes(2):
                here, there = overhead(base, tally, rounds)
            ratio = statistics.median(there) / statistics.median(here)
            console.print(f"two workers: {_seconds(here)} here, {_seconds(there)} on two nodes; medians {ratio:.2f}")
        if kills:
            bench = Bench(base / "undisturbed", recipe)
            bench.run().wait()
            whole = bench.newest()
            assert whole is not None
            with nodes(3) as cluster:
                number = 0
                while sum(one.tried for one in tally.kinds.values()) < kills:
                    Chain(Bench(base / f"chain-{number}", recipe), cluster, rng, tally, MOST).run(numbers(whole))
                    number += 1
                    tried, same = (
                        sum(getattr(one, name) for one in tally.kinds.values()) for name in ("tried", "same")
                    )
                    console.print(
                        f"{number} runs: {tried} kills, {same} with the same table; {time.monotonic() - began:.0f} s"
                    )
            console.print(tally.table())
    for text in tally.faults:
        console.print(f"- {text}", highlight=False, markup=False)
    console.print(f"seed {seed}, {time.monotonic() - began:.0f} s")
    raise typer.Exit(1 if tally.lost or tally.faults else 0)


def _seconds(found: list[float]) -> str:
    return ", ".join(f"{one:.1f}" for one in found) + " s"


if __name__ == "__main__":
    typer.run(main)
