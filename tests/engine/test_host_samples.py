"""Training on samples that stay on the host or on disk: the same bits as from memory, and no more memory than batches take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Event, get_ident
from typing import Any

import numpy as np
import picture_files
import pytest
import torch
from cases import CPU, Events, dense, in_way, never, plan_of, settings, trained, trainer_of

from dlbench.engine import batches as engine_batches
from dlbench.engine.batches import DataSplit, DeviceRoom, MiniBatches
from dlbench.engine.host_samples import HostSamples, ReadAhead, pieces
from dlbench.errors import SetupError
from dlbench.parts.datasets import describe
from dlbench.plan import Plan

SEEDS = (0, 1, 2)
TIMED = {"seconds", "cost"}
CONV = {"kind": "conv", "channels": 3, "kernel": 3, "stride": 1, "padding": "valid", "bias": True}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Data of one archive and of one folder of pictures."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(3)
    x, y = random.normal(2, 3, (150, 6)).astype(np.float32), np.arange(150) % 3
    np.savez(folder / "a.npz", x_train=x[:110], y_train=y[:110], x_test=x[110:], y_test=y[110:])
    picture_files.write(folder / "pictures", {"a": 30, "b": 31})
    return {
        "archive": {"kind": "npz", "path": str(folder / "a.npz")},
        "pictures": {"kind": "image_folder", "path": str(folder / "pictures"), "size": 5},
    }


def plan(data: dict[str, Any], held: str, **changes: Any) -> Plan:
    """Two variants with three seeds each, whose batches differ, trained by torch."""
    own = {**data, "held": held, "normalize": "standard", "validation": 13}
    layers = [*([{"kind": "flatten"}] if data["kind"] == "image_folder" else []), dense(5)]
    chosen: dict[str, Any] = {"batch_size": 16, "epochs": 4, "every": 5} | changes
    variants = {str(lr): settings(layers, data=own, optimizer={"kind": "adam", "lr": lr, "beta1": 0.9, "beta2": 0.999,
                "eps": 1e-8}, **chosen) for lr in (0.01, 0.02)}  # fmt: skip
    return in_way(plan_of(variants, SEEDS), "torch")


def told(events: Events, kind: str) -> dict[int, str]:
    """What evaluations or probes say at their steps, as text, without what takes time."""
    return {
        event["step"]: repr({key: np.asarray(value).tolist() for key, value in event.items() if key not in TIMED})
        for event in events.of(kind)
    }


@pytest.mark.parametrize("slices", [1, 6])
@pytest.mark.parametrize("changes", [{}, {"batch_size": "full", "epochs": None, "steps": 9}])
@pytest.mark.parametrize("kind", ["archive", "pictures"])
def test_the_same_bits_from_disk_as_from_memory(
    files: dict[str, dict[str, Any]], kind: str, changes: dict[str, Any], slices: int
) -> None:
    """Weights, metrics and probes of several trials with batches of their own are the same to the last bit."""
    memory, disk = (trained(plan(files[kind], held, **changes), slices=slices) for held in ("memory", "disk"))

    assert isinstance(disk[0].data.train.x, HostSamples)
    assert torch.equal(memory[0].tensors.weights, disk[0].tensors.weights)
    assert told(memory[1], "metrics") == told(disk[1], "metrics")
    probes, others = told(memory[1], "probe"), told(disk[1], "probe")
    both = probes.keys() & others.keys()  # a busy machine leaves some out
    assert 0 in both
    assert [probes[step] for step in both] == [others[step] for step in both]


def test_the_same_bits_where_the_device_has_no_room(
    files: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samples that stay on the host for want of room on the device give the same batches as those that are there."""
    here, _ = trained(plan(files["archive"], "memory"))
    monkeypatch.setattr(DeviceRoom, "put", lambda self, x: HostSamples(torch.from_numpy(x), CPU))
    there, _ = trained(plan(files["archive"], "memory"))

    assert isinstance(there.data.test.x, HostSamples)
    assert torch.equal(here.tensors.weights, there.tensors.weights)


def test_a_device_without_room_leaves_samples_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples go to the device as long as half of what is free there is left for nets."""
    monkeypatch.setattr(engine_batches, "free_memory", lambda device: 1000)
    room = DeviceRoom(torch.device("meta"))
    small, large = np.zeros((10, 10), np.float32), np.zeros((20, 10), np.float32)

    first, second = room.put(small), room.put(large)
    assert isinstance(first, torch.Tensor)
    assert first.device.type == "meta"
    assert isinstance(second, HostSamples)


def test_training_from_disk_resumes_exactly(files: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """Stopped in the middle of an epoch and restored, it ends with the bits of one that went through."""
    whole, _ = trained(plan(files["archive"], "disk"))
    first, _ = trainer_of(plan(files["archive"], "disk"))
    first.train(lambda trainer: trainer.step >= 10)
    from dlbench.engine import checkpoint

    checkpoint.save(first.checkpoint(), tmp_path / "c.pt")
    second, _ = trainer_of(plan(files["archive"], "disk"))
    assert second.restore(tmp_path / "c.pt")
    assert 0 < second.step < second.steps
    second.train(never)

    assert torch.equal(whole.tensors.weights, second.tensors.weights)


def test_pretraining_takes_what_is_on_disk_whole(files: dict[str, dict[str, Any]]) -> None:
    """What learns without labels has the same samples from disk."""
    from cases import pretraining

    made = []
    for held in ("memory", "disk"):
        own = settings([{"kind": "flatten"}, dense(4, "sigmoid")], data={**files["pictures"], "held": held}, batch_size=8,
                       steps=3, pretrain=pretraining(epochs=2, batch_size=8))  # fmt: skip
        made.append(trained(in_way(plan_of({"a": own}), "torch"))[0].tensors.weights)
    assert torch.equal(*made)


def test_each_sample_is_read_once_a_step_for_trials_of_one_seed() -> None:
    """Variants that share a seed share their batches, so that twice as many of them read no more."""
    seen: list[int] = []

    class Counted(HostSamples):
        def read(self, at: torch.Tensor | slice) -> torch.Tensor:
            assert isinstance(at, torch.Tensor)
            seen.append(len(at))
            return super().read(at)

    x = torch.arange(20.0)[:, None]
    held = MiniBatches(DataSplit(Counted(x, CPU), torch.arange(20)), [4, 4, 4], 5)
    plain = MiniBatches(DataSplit(x, torch.arange(20)), [4, 4, 4], 5)
    for step in (*range(9), 30, 31):
        assert all(map(torch.equal, held.take(step), plain.take(step)))
    assert set(seen) == {5}


def test_the_next_batch_is_read_while_the_last_is_used() -> None:
    """What follows is read in another thread, before anybody asks for it, and no more than one of it."""
    ahead: ReadAhead[int] = ReadAhead()
    begun, threads = Event(), set()

    def read(place: int) -> int:
        threads.add(get_ident())
        begun.set() if place == 1 else None
        return place

    assert ahead.take(0, lambda: read(0), (1, lambda: read(1))) == 0
    assert begun.wait(120)
    assert ahead.take(1, lambda: read(-1)) == 1
    assert ahead.take(7, lambda: read(7)) == 7
    assert len(threads) == 1
    assert get_ident() not in threads


def test_pieces_are_all_samples_in_their_order() -> None:
    """From the host as from the device, the last piece being smaller."""
    x = torch.arange(23.0)[:, None]
    for found in (pieces(x, 5), pieces(HostSamples(x, CPU), 5)):
        every = list(found)
        assert [len(one) for one in every] == [5, 5, 5, 5, 3]
        assert torch.equal(torch.cat(every), x)


def test_what_cannot_be_read_ends_the_training_in_words(tmp_path: Path) -> None:
    """An error of the thread that reads ahead reaches whoever trains."""
    picture_files.write(tmp_path, {"a": 20, "b": 20})
    own = settings([{"kind": "flatten"}, dense(4)], batch_size=4, epochs=2,
                   data={"kind": "image_folder", "path": str(tmp_path), "size": 5, "held": "disk"})  # fmt: skip
    trainer, _ = trainer_of(plan_of({"a": own}))
    assert describe(own["data"]).on_disk
    for file in (tmp_path / "a").iterdir():
        file.write_bytes(b"broken")
    with pytest.raises(SetupError, match="cannot be read as a picture"):
        trainer.train(never)


SCRIPT = """
import re, sys, threading
from pathlib import Path
from dlbench.plan.facts import measured
from dlbench.engine.batches import load
from dlbench.engine.trainer import Trainer
from dlbench.parts.datasets import describe
from cases import CPU, Events, dense, plan_of, settings

def own():
    # Not ru_maxrss: it begins with what the process that started this one had, and counts what is only mapped.
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def train(path, held):
    data = {"kind": "npz", "path": path, "held": held, "normalize": "standard"}
    plan = plan_of({"a": settings([dense(32)], data=data, batch_size=100, epochs=1, every="epoch")}, (0, 1))
    found = load(data, CPU, look=lambda arrays: measured(data, describe(data), arrays))
    Trainer(plan, 0, CPU, found, Events()).train(lambda trainer: False)

def most(*arguments):
    seen, over = [own()], threading.Event()
    watch = threading.Thread(target=lambda: [seen.append(own()) for _ in iter(lambda: over.wait(0.01), True)])
    watch.start()
    train(*arguments)
    over.set()
    watch.join()
    return max(seen)

before = most(sys.argv[1], "disk")
print(before, most(sys.argv[2], sys.argv[3]))
"""


@pytest.mark.extras
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the largest memory in /proc")
def test_memory_does_not_grow_with_data_on_disk(tmp_path: Path) -> None:
    """400 MB that are looked at, standardised, trained on and evaluated take below 150 MB more of its own than a small dataset does."""
    for name, rows in (("small", 2_000), ("large", 130_000)):
        (tmp_path / name).mkdir()
        for part, own in (("train", rows), ("test", 1_000)):
            x = np.lib.format.open_memmap(tmp_path / name / f"x_{part}.npy", "w+", np.float32, (own, 784))
            for start in range(0, own, 1_000):
                x[start : start + 1_000] = np.random.default_rng(start).normal(
                    size=(len(x[start : start + 1_000]), 784)
                )
            np.save(tmp_path / name / f"y_{part}.npy", np.arange(own) % 10)
    assert (tmp_path / "large" / "x_train.npy").stat().st_size > 400e6

    def grown(held: str) -> float:
        paths = os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "small"), str(tmp_path / "large"), held],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
        before, after = map(int, done.stdout.split())
        return (after - before) * 1024 / 1e6

    assert grown("disk") < 150
    assert grown("memory") > 400
