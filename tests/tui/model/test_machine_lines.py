"""The machine in words."""

import os
import socket

import pytest
from model_runs import begins, make_folder, make_plan, view_of
from rich.cells import cell_len

from dlbench.launch.machine import GpuUsage, MachineUsage
from dlbench.run import workers
from dlbench.run.processes import token_of
from dlbench.run.workers import Launched
from dlbench.tui.model.feed import MACHINE_SECONDS, Feed
from dlbench.tui.model.machine_lines import has_gpu, machine_lines
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.source import FolderSource
from dlbench.tui.model.view import Playback, View

HERE = socket.gethostname()
USAGE = MachineUsage(
    HERE, 16, 3.25, 4.2, 20 * 10**9, 32 * 10**9, 2, 1.9, 812 * 10**6,
    (GpuUsage("NVIDIA H200", 12 * 10**9, 150 * 10**9, 0.87), GpuUsage("NVIDIA H200", 0, 150 * 10**9, None)),
)  # fmt: skip


def introduced(worker=0, session=0, **facts):
    """A worker says who it is."""
    told = {"device": "cuda:0", "device_name": "NVIDIA H200", "host": HERE, "stacks": [worker]} | facts
    return {"kind": "run", "session": session, "worker": worker, "pid": 1, "threads": 1, "torch": "2"} | told


def viewed(*events, machine=USAGE, status="running"):
    """A view of a run whose workers have said so."""
    view = view_of(make_plan(), [*events, begins(session=0)])
    view.machine, view.status = machine, status
    return view


def test_what_the_machine_does():
    """Cores, load and memory; the workers with their devices and what they take; each GPU; all in 78 columns."""
    view = viewed(introduced(), introduced(1, device="cuda:1"))
    lines = machine_lines(view)

    assert lines == [
        "machine   3.2 of 16 cores busy, load 4.2 · 20.0 GB of 32.0 GB free",
        "workers   1 on cuda:0 (NVIDIA H200), 1 on cuda:1 (NVIDIA H200) · 1.9 cores · 812 MB",
        "GPU       NVIDIA H200 · 87 % busy · 12.0 GB of 150.0 GB in use",
        "GPU       NVIDIA H200 · 0 B of 150.0 GB in use",
    ]
    assert has_gpu(view)
    assert cell_len(lines[0]) <= 78


def test_workers_on_several_nodes():
    """Who is where; one that was lost is followed by another in a later session, and the others still count."""
    anna, bert = introduced(0, device="cpu", host=HERE), introduced(1, device="cpu", host="bert")
    lines = machine_lines(viewed(anna, bert, introduced(1, session=1, device="cpu", host="cleo")))

    assert lines[1].startswith("workers   2 on cpu")
    assert lines[2] == f"nodes     {HERE}: worker 0 · cleo: worker 1"


def test_before_the_first_look():
    """Until there are numbers it says that they come; without any worker it says nothing."""
    assert machine_lines(viewed(introduced(), machine=None))[0] == "machine   being looked at ..."
    assert machine_lines(viewed()) == []
    assert not has_gpu(viewed(introduced(device="cpu")))


@pytest.mark.parametrize("device", ["cpu", None])
def test_a_run_of_another_machine_does_not_show_this_one(device):
    """Its name is told, and that this one has no part in it."""
    lines = machine_lines(viewed(introduced(host="elsewhere", device=device, device_name=device)))

    assert lines[0] == f"machine   trains on elsewhere; this is {HERE}, which has no part in it"
    assert lines[1] == f"workers   1 on {device or 'an unknown device'}"
    assert len(lines) == 2


def test_a_run_that_has_ended_or_is_played_back_tells_where_it_was():
    """This machine's numbers are none of its; those of the newest session are told."""
    ended = viewed(introduced(host="first"), introduced(host="elsewhere", session=1), status="done")
    replayed = viewed(introduced(host="elsewhere"))
    replayed.playback = Playback(1.0, 2.0, 1.0, paused=False)

    for view in (ended, replayed):
        assert machine_lines(view)[0] == "machine   trained on elsewhere"
        assert len(machine_lines(view)) == 2


def test_a_feed_looks_only_while_someone_wants_to_know(tmp_path):
    """Nothing is measured unasked; then every two seconds; a run whose worker is gone has no numbers."""
    folder = make_folder(tmp_path, make_plan())
    workers.record(folder, Launched(0, 0, token_of(os.getpid()), [0, 1], 0))
    view, now = View(run_info(folder)), [100.0]
    feed = Feed(view, FolderSource(folder), folder, now=lambda: now[0])
    for _ in range(3):
        feed.beat()
    assert view.machine is None
    view.wants_machine = True
    feed.beat()
    first = view.machine
    feed.beat()
    assert first is not None
    assert first.workers == 1
    assert view.machine is first
    now[0] += MACHINE_SECONDS
    feed.beat()
    assert view.machine is not first
    assert view.machine.busy is not None
