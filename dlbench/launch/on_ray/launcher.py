"""The launcher of workers on a Ray: one driver for a session, a detached process of this machine. Imports no Ray."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec

from dlbench.errors import MissingLibraryError
from dlbench.files import append_to
from dlbench.launch.launcher import Assignment
from dlbench.launch.local import child_environment
from dlbench.launch.on_ray.order import PATIENCE, STORE, Order, WorkerShare
from dlbench.plan.machines import Machine
from dlbench.run.processes import is_heard, is_there, token_of
from dlbench.run.workers import LOCAL, Token

RAY = "ray"
CONSOLE = "console-ray.log"
"""What Ray and the driver print, in the run's folder."""


@dataclass(frozen=True)
class RayOptions:
    """What may be said of a Ray; `address` is its, or `None` for the one that is found or started here."""

    address: str | None = None
    gpu: float = 1.0
    """Of a GPU what each worker takes that trains on one."""
    memory: float | None = None
    """GiB that Ray sets aside for each worker; estimated if left out."""
    store: int = STORE
    """MiB that a Ray which is started here has for objects on their way."""
    patience: float = PATIENCE
    """Seconds that a worker which fits on no node waits for one to join."""


class OnRay:
    """Starts a driver, which has Ray start the workers; it outlives this process as local workers do."""

    name = RAY

    def __init__(self, options: RayOptions | None = None) -> None:
        self._options = options or RayOptions()
        self._drivers: dict[Token, subprocess.Popen[bytes]] = {}
        self._speeds: dict[str, float] = {}

    def start(self, assignments: Sequence[Assignment]) -> Iterator[Token]:
        """One driver for all; it asks Ray for one worker after the other."""
        require()
        order = replace(order_of(self._options, assignments), speeds=self._speeds)
        driver = _start_driver(order, assignments[0])
        process = token_of(driver.pid)
        for assignment in assignments:
            token = token_of_worker(process, assignment.session, assignment.worker)
            self._drivers[token] = driver
            yield token

    def nodes(self) -> list[Machine]:
        """The nodes of its Ray; raises SetupError where that cannot be reached."""
        from dlbench.launch.on_ray.nodes import nodes

        found = nodes(self._options.address)
        self._speeds = {node.id: node.speed for node in found if node.id and node.speed}
        return found

    def is_alive(self, token: Token, seen: float) -> bool:
        """While its driver is there: until it says otherwise, a worker is waiting for room, at work, or begun again."""
        driver = driver_of(token)
        return is_heard(seen) if driver is None else is_there(driver, seen)

    def stop(self, token: Token, *, force: bool) -> bool:
        """SIGTERM to its driver, which has all its workers end after their step; with `force` SIGKILL, and Ray ends them."""
        driver = driver_of(token)
        if driver is None or not isinstance(driver.id, int) or not is_there(driver, 0.0):
            return False
        with suppress(ProcessLookupError, PermissionError):
            os.kill(driver.id, signal.SIGKILL if force else signal.SIGTERM)
            return True
        return False

    def exit_code(self, token: Token) -> int | None:
        """Its driver's: the gravest of all its workers'."""
        return self._drivers[token].poll()

    def describe(self, token: Token) -> str:
        """Its driver's pid and host, by which it is ended."""
        return f"on Ray, driver pid {str(token.id).partition('/')[0]} on {token.host}"


def require() -> None:
    """Raise MissingLibraryError where Ray is not installed."""
    if find_spec("ray") is None:
        raise MissingLibraryError("--on ray needs Ray; install it with `pip install 'dlbench[ray]'`, on every node")


def order_of(options: RayOptions, assignments: Sequence[Assignment]) -> Order:
    """What the driver is told."""
    first = assignments[0]
    return Order(
        run=str(first.folder.path.absolute()),
        address=options.address,
        session=first.session,
        shares=[WorkerShare(one.worker, one.stacks, one.threads) for one in assignments],
        attended=first.attended,
        looking=first.looking,
        parts=list(first.parts),
        gpu=options.gpu,
        memory=options.memory,
        store=options.store,
        patience=options.patience,
    )


def token_of_worker(driver: Token, session: int, worker: int) -> Token:
    """A worker by its driver, which is a process, and its place in the run."""
    return Token(RAY, f"{driver.id}/s{session}-w{worker}", driver.host, driver.started)


def driver_of(token: Token) -> Token | None:
    """The process of a worker's driver; `None` where the token names none."""
    pid = str(token.id).partition("/")[0]
    return Token(LOCAL, int(pid), token.host, token.started) if pid.isdigit() else None


def _start_driver(order: Order, first: Assignment) -> subprocess.Popen[bytes]:
    with append_to(first.folder.path / CONSOLE) as console:
        driver = subprocess.Popen(
            [sys.executable, "-P", "-m", "dlbench.launch.on_ray.driver"],
            stdin=subprocess.PIPE,
            stdout=console,
            stderr=subprocess.STDOUT,
            env=child_environment(1),
            start_new_session=True,
        )
    assert driver.stdin is not None
    with driver.stdin as told:
        told.write(order.encoded())
    return driver
