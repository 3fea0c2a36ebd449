"""What this machine does beside its workers."""

import os
import socket
import time

import psutil
import pytest
from patience import wait_for

from dlbench.launch.machine import GPU_SECONDS, GpuQuery, GpuUsage, MachineSampler, parsed
from dlbench.run.processes import token_of
from dlbench.run.workers import LOCAL, Token

ANSWER = "NVIDIA H200, 1234, 143771, 87\nTesla, Model 2, 0, 16, [N/A]\nTesla K80, 512, 11441, [N/A]\nno GPU at all\n"
KNOWN = (GpuUsage("NVIDIA H200", 1234 * 2**20, 143771 * 2**20, 0.87), GpuUsage("Tesla K80", 2**29, 11441 * 2**20, None))


def test_a_worker_of_this_machine_is_measured():
    """A process here has its memory and, from the second look on, its share of the cores; so has the whole machine."""
    sampler, me = MachineSampler(), token_of(os.getpid())
    first = sampler.look([me], gpus=False)
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    second = sampler.look([me], gpus=False)

    assert (first.busy, first.worker_cores) == (None, None)
    assert second.workers == 1
    assert second.host == socket.gethostname()
    assert 0 < second.worker_cores <= second.cores * 1.05
    assert 0 < second.busy <= second.cores
    assert second.worker_memory == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
    assert 0 < second.free <= second.total == psutil.virtual_memory().total


@pytest.mark.parametrize(
    "token",
    [
        Token(LOCAL, os.getpid(), "another-host", time.time()),
        Token("slurm", os.getpid(), socket.gethostname(), time.time()),
        Token(LOCAL, os.getpid(), socket.gethostname(), 1.0),
        Token(LOCAL, 2**22 + 1, socket.gethostname(), 1e9),
    ],
    ids=["another host", "another launcher", "an older process", "gone"],
)
def test_what_is_no_process_of_this_machine_is_not_counted(token):
    """A pid that means something else here is no worker: of another host, of another launcher, or given again."""
    found = MachineSampler().look([token], gpus=False)

    assert (found.workers, found.worker_memory) == (0, 0)


def test_what_the_driver_says():
    """A line a GPU, in MiB and percent; what it does not know is not known, what is no line of a GPU is passed over."""
    assert parsed(ANSWER) == KNOWN
    assert parsed("") == parsed("NVIDIA-SMI has failed\n") == ()


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def command(folder, monkeypatch, script):
    """A program called nvidia-smi that tells how often it was asked."""
    asked, program = folder / "asked", folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho x >> {asked}\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return lambda: asked.read_text(encoding="utf-8").count("x") if asked.exists() else 0


def test_the_driver_is_asked_in_the_background_and_seldom(tmp_path, monkeypatch):
    """The first look asks, later ones have the answer, and it is asked again only after a while."""
    (tmp_path / "answer").write_text(ANSWER, encoding="utf-8")
    asked, clock = command(tmp_path, monkeypatch, f"cat {tmp_path / 'answer'}"), Clock()
    query = GpuQuery(now=clock)
    assert query.latest() == ()
    found = wait_for(query.latest)
    for _ in range(5):
        query.latest()

    assert found == KNOWN
    assert asked() == 1
    clock.now += GPU_SECONDS
    assert query.latest() == KNOWN
    query.close()


def test_a_driver_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    """An answer that does not come is given up; nobody waits for it, and no process is left."""
    command(tmp_path, monkeypatch, "exec sleep 600")
    clock = Clock()
    query = GpuQuery(now=clock)
    query.latest()
    (child,) = [one for one in psutil.Process().children() if "600" in one.cmdline() or "nvidia-smi" in one.name()]
    query.latest()
    is_at_work = child.is_running()
    clock.now += GPU_SECONDS + 1

    assert query.latest() == ()
    assert is_at_work
    assert not child.is_running()


def test_without_the_command_there_are_no_gpus(tmp_path, monkeypatch):
    """A machine without nvidia-smi has none to tell of."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert GpuQuery().latest() == ()
