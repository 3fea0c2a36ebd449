"""Recordings of a training in several processes."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from patience import PATIENCE
from recorded_loops import ByHand, batch, events_of, measured, named_leaves, perceptron, recording
from torch.nn.functional import cross_entropy

from dlbench.run.folder import RunFolder, find_runs

SCRIPT = """
import sys
import torch
import dlbench
from torch import nn
from torch.nn.parallel import DistributedDataParallel

rank, store, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
torch.set_num_threads(1)
torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
torch.manual_seed(0)
model = DistributedDataParallel(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)))
optimizer = torch.optim.SGD(model.parameters(), 0.1)
x = torch.randn(2, 8, 3, generator=torch.Generator().manual_seed(1))[rank]
with dlbench.record(model, optimizer, name="ddp", seed=0, out=out, budget=1.0) as run:
    for step in range(2):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        optimizer.step()
        run.log(train_loss=loss)
torch.distributed.destroy_process_group()
"""


@pytest.mark.extras
def test_the_first_process_records_what_all_have_found(tmp_path):
    """With two processes there is one recording, its gradients the means of both, its layers named without the wrapper."""
    from torch import nn

    script, store, out = tmp_path / "train.py", tmp_path / "store", tmp_path / "out"
    script.write_text(SCRIPT)
    root = str(Path(__file__).parent.parent.parent)
    variables = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script)]
    both = [subprocess.Popen([*command, str(rank), str(store), str(out)], env=variables) for rank in range(2)]
    assert [process.wait(PATIENCE) for process in both] == [0, 0]

    (folder,) = find_runs(out)
    run = type("Run", (), {"folder": RunFolder(folder.path)})
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x = torch.randn(2, 8, 3, generator=torch.Generator().manual_seed(1))
    model(x.flatten(0, 1)).square().mean().backward()
    expected = {str(k): float(model[k].weight.grad.double().norm()) for k in (0, 2)}

    assert measured(run, "gradient_norm")[0] == {name: pytest.approx(one, rel=1e-6) for name, one in expected.items()}
    assert len(events_of(run, "metrics")) == 2
    assert "would reach this one alone" in " ".join(event["text"] for event in events_of(run, "note"))
    assert all(math.isfinite(event["train_loss"][0]) for event in events_of(run, "metrics"))


def test_data_parallel_is_seen_through(tmp_path):
    """The layers of a model in DataParallel have their own names and norms."""
    model, (x, y) = perceptron(), batch()
    by_hand = ByHand(named_leaves(model))
    wrapped = torch.nn.DataParallel(model)
    optimizer = torch.optim.SGD(wrapped.parameters(), 0.1)
    with recording(tmp_path, wrapped, optimizer) as run:
        cross_entropy(wrapped(x), y).backward()
        by_hand.before()
        optimizer.step()

    assert measured(run, "gradient_norm")[0] == pytest.approx(by_hand.gradients[0], rel=1e-6)


def test_shards_are_said_to_be_parts(tmp_path):
    """Of weights that FSDP2 shards the norms are those of this process's part, and a note says so."""
    # Two seconds, which every process of the tests would pay.
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    distributed = torch.distributed
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    try:
        model, (x, y) = perceptron(), batch()
        whole = perceptron()
        by_hand = ByHand(named_leaves(whole))
        cross_entropy(whole(x), y).backward()
        by_hand.before()
        fully_shard(model, mesh=init_device_mesh("cpu", (1,)))
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        with recording(tmp_path, model, optimizer) as run:
            cross_entropy(model(x), y).backward()
            optimizer.step()
    finally:
        distributed.destroy_process_group()

    assert measured(run, "gradient_norm")[0] == pytest.approx(by_hand.gradients[0], rel=1e-6)
    assert any("sharded" in event["text"] for event in events_of(run, "note"))
