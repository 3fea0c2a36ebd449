"""What Ray runs on a node: one worker in a folder there, and what that leaves, packed for whoever asks."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from dlbench.launch.freight import Parcel, Sender
from dlbench.launch.launcher import Assignment
from dlbench.launch.tethered import TetheredWorker
from dlbench.parts.datasets.carried import VARIABLE, unpack
from dlbench.parts.datasets.folders import cache
from dlbench.plugins import PartsFile
from dlbench.run.folder import RunFolder

FORGOTTEN_SECONDS = 120.0
"""How long nobody may ask for a worker's parcels before it is in vain."""
PREFIX = "dlbench-ray-"


class LostError(Exception):
    """An agent is gone, with its process or its node, or it broke; why, in Ray's words."""


@dataclass(frozen=True)
class Brief:
    """What a worker is told, and the files of its run that it needs, by their names in the folder."""

    session: int
    worker: int
    stacks: list[int]
    threads: int
    attended: bool
    looking: bool
    files: Mapping[str, bytes]
    parts: Mapping[str, bytes] = field(default_factory=dict)
    """Files of parts, by their names."""


@dataclass(frozen=True)
class Begun:
    """Where an agent has begun: the node by its name, and as Ray knows it."""

    host: str
    node: str


class Agent:
    """Runs one worker; `fetch` turns what stands for a dataset into its bytes, and is asked only where the node has not got it.

    `node` says how Ray calls the node.
    """

    def __init__(self, fetch: Callable[[Any], bytes] | None = None, node: Callable[[], str] | None = None) -> None:
        self._fetch, self._node = fetch or _fetch, node or _node
        self._folder: RunFolder | None = None
        self._worker: TetheredWorker | None = None
        self._sender: Sender | None = None
        self._heard = time.monotonic()

    def begin(self, brief: Brief, datasets: Mapping[str, list[Any]]) -> Begun:
        """Start the worker; `datasets` are what stands for each that is made of files, by its key. Returns where that is."""
        sweep(Path(tempfile.gettempdir()))
        place = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")) / "run" / "elsewhere"
        folder = self._folder = RunFolder(place)
        for path in (folder.events, folder.checkpoints):
            path.mkdir(parents=True)
        self._sender = Sender(folder, brief.session, brief.worker, brief.stacks)
        for name, content in brief.files.items():
            (place / name).write_bytes(content)
            self._sender.hold(place / name)
        brought = cache() / "carried"
        for key, (reference,) in datasets.items():
            if not (brought / key).is_dir():
                unpack(self._fetch(reference), brought / key)
        assignment = Assignment(
            folder,
            brief.session,
            brief.worker,
            brief.stacks,
            brief.threads,
            brief.attended,
            brief.looking,
            [_kept(place.parent, name, content) for name, content in brief.parts.items()],
        )
        self._worker = TetheredWorker(assignment, {VARIABLE: str(brought)})
        self._heard = time.monotonic()
        threading.Thread(target=self._wait_for_questions, name="questions", daemon=True).start()
        return Begun(socket.gethostname(), self._node())

    def take(self, controls: bytes) -> Parcel:
        """What the worker has left since the last call; `controls` are new lines of what is asked of it."""
        assert self._folder is not None
        assert self._worker is not None
        assert self._sender is not None
        self._heard = time.monotonic()
        if controls:
            with self._folder.control_file.open("ab") as file:
                file.write(controls)
        return self._sender.take(self._worker.exit_code)

    def stop(self) -> None:
        """Have the worker end after its step, with a checkpoint."""
        if self._worker is not None:
            self._worker.stop()

    def close(self) -> None:
        """Leave nothing of the worker on the node."""
        if self._worker is not None:
            self._worker.stop(force=True)
            self._worker.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder.path.parent.parent, ignore_errors=True)

    def _wait_for_questions(self) -> None:
        """Where nobody asks any more, the driver is lost, or has given this node up: end with all that is here."""
        while time.monotonic() - self._heard < FORGOTTEN_SECONDS:
            time.sleep(1.0)
        self.close()
        os._exit(1)


def sweep(place: Path) -> None:
    """Remove what agents that were killed have left on this node."""
    for path in place.glob(f"{PREFIX}*-*"):
        owner = path.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            with suppress(OSError):
                shutil.rmtree(path, ignore_errors=True)


def _kept(place: Path, name: str, content: bytes) -> PartsFile:
    path = place / name
    path.write_bytes(content)
    return PartsFile(str(path), "")


def _fetch(reference: Any) -> bytes:
    import ray

    content: bytes = ray.get(reference)
    return content


def _node() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())
