"""`dlbench probe`: every layer at step 0, without a training."""

import json
import math
import signal
import sys
import tempfile

import psutil
import pytest
from cases import trained
from patience import PATIENCE, wait_for
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import ExitCode, RecipeError, SetupError, UsageError
from dlbench.launch.local import THIS_MACHINE
from dlbench.plan.make import make_plan
from dlbench.recipe import load

NESTED = """
[data]
kind = "digits"

[model]
activation = "relu"
init = "lsuv"
layers = [
    { kind = "residual", layers = [{ kind = "conv", channels = 3, kernel = 3 }] },
    { kind = "gru", units = 4 },
    { kind = "dense", units = 6 },
]

[train]
optimizer = { kind = "sgd", lr = 0.1 }
epochs = 1
batch_size = 32

[trials]
seeds = 2

[variants.lsuv]
[variants."zero"]
model.init = "zeros"
[variants.slow]
train.optimizer.lr = 0.01
"""


@pytest.fixture
def folder(bench, monkeypatch):
    """The current folder has a small recipe, a nested one, and a place of its own for temporary files."""
    (bench.folder / "nested.toml").write_text(NESTED)
    (bench.folder / "tmp").mkdir()
    monkeypatch.chdir(bench.folder)
    monkeypatch.setattr(tempfile, "tempdir", str(bench.folder / "tmp"))
    return bench.folder


def test_a_nested_net(bench, folder):
    """Each variant has its table, those that are alike before the first step one in common; nothing is left behind."""
    code, out, err = bench("probe", "nested.toml", "--device", "cpu", env={"TMPDIR": str(folder / "tmp")})

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    (first,) = [line for line in lines if line.startswith("lsuv ")]
    assert first.endswith("2 seeds; the same before any training: slow")
    names = [line.split()[0] for line in lines if line.startswith("  ") and line[2] not in " !"]
    names = [name for name in names if name != "gradient:"]
    assert names == ["layer", "conv1", "shortcut1", "residual1", *["gru1"] * 9, "dense1", "output"] * 2
    (dead,) = [line for line in lines if line.startswith("  ! zero gradient")]
    assert dead == "  ! zero gradient: conv1, shortcut1, gru1 and 2 more learn nothing at all"
    assert sorted(path.name for path in folder.iterdir()) == ["nested.toml", "small.toml", "tmp"]
    assert list((folder / "tmp").iterdir()) == []


def test_numbers_are_those_of_the_first_probe(folder):
    """What `--json` tells of the layers is what a training's first probe measures, to four of the five digits that it writes."""
    arguments = ["--json", "--variant", "lsuv", "--variant", "zero", "--seeds", "1,4", "--device", "cpu"]
    result = CliRunner().invoke(app, ["probe", "nested.toml", *arguments])
    told = json.loads(result.stdout)
    _, events = trained(make_plan(load("nested.toml", seeds="1,4"), device="cpu", workers=1))
    first, batch = events.of("probe")[0], events.of("metrics")[1]
    lsuv, zero = told["profiles"]

    assert [(one["name"], one["seeds"]) for one in (lsuv, zero)] == [("lsuv", [1, 4]), ("zero", [1, 4])]
    assert zero["loss"] == pytest.approx(math.log(10), rel=1e-4)
    assert math.isfinite(batch["batch_loss"][0])
    for row, layer in enumerate(lsuv["layers"]):
        for name in ("activation_std", "activation_mean", "zero_fraction"):
            assert layer[name] == pytest.approx(float(first[name][:2, row].mean()), rel=1e-4, abs=1e-6)
    assert lsuv["layers"][-1]["gradient_ratio"] == 1
    assert lsuv["layers"][-1]["gradient_norm"] == pytest.approx(float(first["gradient_norm"][:2, -1].mean()), rel=1e-4)
    assert list((folder / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (["--variant", "slaw"], UsageError, "'small' has no variant 'slaw'; did you mean 'slow'?"),
        (["--variant", "x"], UsageError, "'small' has no variant 'x'; it has 'slow', 'fast'"),
        (["--set", "model.init=hi"], RecipeError, "no init is called 'hi'"),
        (["--set", 'data={kind="npz", path="none.npz"}'], SetupError, "none.npz"),
        (["--device", "tpu"], UsageError, "no device 'tpu'"),
    ],
    ids=["variant", "other variant", "set", "data", "device"],
)
def test_wrong_wishes(folder, arguments, error, text):
    """Each mistake is told before a worker starts."""
    result = CliRunner().invoke(app, ["probe", "small.toml", *arguments])

    assert isinstance(result.exception, error)
    assert text in str(result.exception)
    assert list((folder / "tmp").iterdir()) == []


def test_an_interrupt_leaves_nothing(bench, folder):
    """Ctrl-C ends it at once with 130: no worker goes on, no file stays."""
    process = bench.start("probe", "small.toml", "--device", "cpu", env={"TMPDIR": str(folder / "tmp")})
    files = (folder / "tmp").glob
    started = wait_for(
        lambda: [line for path in files("*/*/*/workers.jsonl") for line in path.read_text().splitlines()]
    )
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert list((folder / "tmp").iterdir()) == []
    assert not psutil.pid_exists(json.loads(started[0])["token"]["id"])


def test_a_worker_that_fails_is_told(folder, monkeypatch):
    """What a worker could not do is an error, and the exit code says that a trial failed."""
    command = [sys.executable, "-c", "raise SystemExit('no such luck')"]
    monkeypatch.setattr(THIS_MACHINE, "_command", lambda _: command)
    result = CliRunner().invoke(app, ["probe", "small.toml", "--device", "cpu"])

    assert result.exit_code == ExitCode.TRIAL_FAILED
    assert "no such luck" in result.stderr
    assert list((folder / "tmp").iterdir()) == []
