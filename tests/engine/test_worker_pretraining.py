"""A worker that is killed while a layer is pre-trained, and the pictures that it leaves."""

from __future__ import annotations

import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cases import dense, plan_of, pretraining, settings
from patience import PATIENCE
from test_contract import ENVELOPE, PROMISED

from dlbench.engine.worker import Worker
from dlbench.launch.sessions import start
from dlbench.metrics.catalog import METRICS
from dlbench.plan import Plan
from dlbench.run.events import EventReader
from dlbench.run.folder import RunFolder, create
from dlbench.state.pictures import read_pictures
from dlbench.state.run_state import RunState

LAYERS = [{"kind": "flatten"}, dense(10, "sigmoid"), dense(8, "sigmoid")]
PLAN = plan_of(
    {
        "a": settings(
            LAYERS, data="digits", batch_size=100, steps=20, pretrain=pretraining(epochs=8, batch_size=10, ais_chains=5)
        )
    },
    seeds=[0, 1],
)


def new_run(base: Path, plan: Plan) -> RunFolder:
    """A folder with a plan, ready to start."""
    folder = create(base, "case", datetime.now().astimezone())
    folder.write_plan(plan)
    return folder


def in_here(folder: RunFolder, session: int, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A session in this process, and the events of all so far."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert Worker(folder, session, 0, [0]).run() == 0
    return EventReader(folder).poll()


def results(folder: RunFolder) -> list[dict[str, float | None]]:
    """Every metric of every trial, but for times."""
    state = RunState(folder.read_plan())
    state.apply(EventReader(folder).poll())
    timed = {"seconds", "pretrain_seconds"}
    return [{name: one.value(trial) for name, one in METRICS.items() if name not in timed} for trial in state.trials]


def arrays_in(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a file of pictures by their names."""
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def killed_in(layer: str, folder: RunFolder) -> None:
    """Start the run in a process of its own and kill it once it has told of a step of the layer."""
    group = start(folder)
    reader, deadline = EventReader(folder), time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if any(e["kind"] == "pretrain" and e["layer"] == layer and e["step"] > 9 for e in reader.poll()):
            break
        time.sleep(0.01)
    group.stop(force=True)
    assert group.wait(PATIENCE)


@pytest.mark.extras
def test_killed_in_a_layer_it_begins_that_layer_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed with SIGKILL in the second layer, the resumed run does not repeat the first and ends with every metric the same."""
    undisturbed, folder = new_run(tmp_path / "a", PLAN), new_run(tmp_path / "b", PLAN)
    in_here(undisturbed, 0, monkeypatch)
    killed_in("dense2", folder)
    events = in_here(folder, 1, monkeypatch)

    again = [e["layer"] for e in events if e["kind"] == "pretrain" and e["session"] == 1]
    assert set(again) == {"dense2"}
    assert results(folder) == results(undisturbed)
    weights = [torch.load(one.checkpoint_file(0), weights_only=True)["weights"] for one in (folder, undisturbed)]
    assert torch.equal(*weights)
    found = results(folder)[0]
    assert found["log_likelihood"] is not None
    assert found["reconstruction_error"] is not None


@pytest.mark.parametrize("kind", ["rbm", "autoencoder"])
def test_the_pictures_of_layers(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each layer leaves pictures at a few steps: weights of the first as images, inputs, and what all layers give back of them."""
    net = settings(LAYERS, data="digits", steps=4, batch_size=100, pretrain=pretraining(kind, epochs=1))
    folder = new_run(tmp_path, plan_of({"a": net}, seeds=[0, 1]))
    events = in_here(folder, 0, monkeypatch)
    told = [e for e in events if e["kind"] == "pictures"]
    kept = torch.load(folder.checkpoint_file(0), weights_only=True)

    steps = {
        layer: [e["step"] for e in told if e["layer"] == layer and e["phase"] == "pretrain"]
        for layer in ("dense1", "dense2")
    }
    assert steps == {"dense1": [0, 1, 4, 15], "dense2": [0, 1, 4, 15]}
    first, second, trained = (arrays_in(folder.path / told[index]["file"]) for index in (3, 7, 8))
    assert first["filters"].shape == (2, 10, 8, 8)
    assert first["inputs"].shape == first["reconstructions"].shape == (2, 16, 8, 8)
    assert "filters" not in second
    assert not np.array_equal(first["reconstructions"], second["reconstructions"])
    assert (told[8]["phase"], told[8]["step"], list(trained)) == ("train", 4, ["filters"])
    weights = kept["weights"][:, : 64 * 10].view(2, 64, 10).mT.reshape(2, 10, 8, 8).half().numpy()
    np.testing.assert_array_equal(trained["filters"], weights)
    assert read_pictures(folder.path / told[3]["file"], 1).filters.shape == (10, 1, 8, 8)
    assert not list(folder.path.rglob("*.tmp"))
    assert {field for event in told for field in event} - ENVELOPE - {"kind"} <= PROMISED["pictures"]


def test_nets_that_see_no_image_have_no_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points of a plane leave no folder of pictures, whatever the net."""
    folder = new_run(tmp_path, plan_of({"a": settings([dense(4)], steps=3)}))
    events = in_here(folder, 0, monkeypatch)

    assert not [e for e in events if e["kind"] == "pictures"]
    assert not folder.pictures(0).exists()
