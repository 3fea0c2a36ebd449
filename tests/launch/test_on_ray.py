"""Runs on a real Ray of two nodes, on this machine: the table is that of a run that stayed here, whatever dies."""

from __future__ import annotations

import os
import signal

import psutil
import pytest
from launching import wait_for

from benchmarks.chaos.bench import Bench, numbers
from dlbench.launch.status import status
from dlbench.run.control import ask
from dlbench.run.workers import read

pytestmark = [pytest.mark.extras, pytest.mark.filterwarnings("ignore")]

MARK = "DLBENCH_TEST_OF_RAY"
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def cluster():
    """A Ray of two nodes with a core each, which every process that is started here finds."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patches:
        patches.setenv("RAY_agent_register_timeout_ms", "200000")
        patches.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patches.setenv(MARK, str(os.getpid()))  # nodes, and all that they start, inherit it
        nodes = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        try:
            nodes.add_node(**NODE)
            nodes.wait_for_nodes()
            patches.setenv("RAY_ADDRESS", nodes.address)
            yield nodes
        finally:
            nodes.shutdown()


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The numbers of the run that stays on this machine."""
    bench = Bench(tmp_path_factory.mktemp("here"))
    assert bench.run().wait() == 0
    return numbers(bench.newest())


def paused(bench, count):
    """A run on the cluster of which so many workers wait at their first step, as was asked before they came; process and folder."""
    process = bench.dlbench(
        *("run", "chaos.toml", "--device", "cpu", "--display", "plain", "--out", str(bench.results)),
        *("--on", "ray", "--workers", "2"),
    )
    folder = wait_for(bench.newest, 120)
    wait_for(lambda: read(folder), 60)
    ask(folder, "pause")
    wait_for(
        lambda: sum(one.paused for one in status(folder).workers) == count or process.popen.poll() is not None, 180
    )
    return process, folder


def workers():
    """The processes that train on the nodes."""
    found = []
    for process in psutil.process_iter():
        try:
            words, environment = process.cmdline(), process.environ()
        except psutil.Error:
            continue
        if "dlbench.engine" in words and environment.get(MARK) == os.environ[MARK]:
            found.append(process)
    return found


def test_where_a_node_dies_its_stacks_go_on_with_the_same_table(cluster, here, tmp_path):
    """Another node takes them over from their checkpoints, paused as they were; every number is that of a local run."""
    process, folder = paused(Bench(tmp_path), 2)
    lost = cluster.list_all_nodes()[-1]
    cluster.remove_node(lost, allow_graceful=False)
    joined = cluster.add_node(**NODE)
    followed = wait_for(lambda: [one for one in status(folder).workers if one.session and one.paused], 180)
    ask(folder, "resume")

    assert process.wait() == 0, process.said
    cluster.remove_node(joined, allow_graceful=False)
    assert len(followed) == 1
    assert status(folder).state == "done"
    assert {one.token.launcher for one in read(folder)} == {"ray"}
    assert {one.session for one in read(folder)} >= {0, 1}
    assert "was lost" in process.said
    assert numbers(folder) == here


def test_interrupted_it_leaves_no_process_and_goes_on_here(cluster, here, tmp_path):
    """Ctrl-C ends whoever works, with checkpoints, and whoever waits for room; `--resume` ends it here, with the same table."""
    bench = Bench(tmp_path)
    process, folder = paused(bench, 1)
    assert len(workers()) == 1
    process.popen.send_signal(signal.SIGINT)
    code = process.wait()
    left = wait_for(lambda: not workers()) and status(folder)
    resumed = bench.resume(folder)

    assert (code, left.state) == (130, "stopped"), process.said
    assert resumed.wait() == 0, resumed.said
    assert {one.token.launcher for one in read(folder)} == {"ray", "local"}
    assert numbers(folder) == here


def test_the_nodes_are_told(cluster):
    """A process of its own says what there is to plan for."""
    from dlbench.launch.on_ray.nodes import nodes

    assert sum(node.cores for node in nodes(None)) >= 1
    with pytest.raises(Exception, match=r"no Ray can be reached at 127\.0\.0\.1:1"):
        nodes("127.0.0.1:1")


def test_a_worker_that_fits_on_no_node_ends_with_what_it_needs(cluster, tmp_path):
    """After the time that was given for one to join; in the run's table and on its last lines."""
    bench = Bench(tmp_path)
    process = bench.dlbench(
        *("run", "chaos.toml", "--device", "cpu", "--display", "plain", "--out", str(bench.results)),
        *("--on", "ray", "--workers", "1", "--threads", "3", "--cluster", "patience=1"),
    )

    assert process.wait() == 3
    assert "worker 0 fits on no node of the cluster: it needs 3 cores and 0.6 GiB of memory; " in process.said
    assert status(bench.newest()).state == "failed"
