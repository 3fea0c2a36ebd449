"""The document's net of one's own, from the recipe to the file of weights."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from test_plugins import blocks, called
from typer.testing import CliRunner
from verbs import app

from dlbench import plugins
from dlbench.engine.worker import Worker
from dlbench.errors import DlbenchError
from dlbench.parts.modules import MODULES
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.folder import create

NOTE = "trial by trial: slower, same statistics"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the document's two files."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "nets.py").write_text(next(block for block in blocks("python") if "ConvBlock" in block))
    (folder / "nets.toml").write_text(next(block for block in blocks("toml") if "conv_block" in block))
    return folder


@pytest.fixture(scope="module")
def bench(files: Path) -> Iterator[Path]:
    """The same with the file of parts loaded and the recipe trained, in this process."""
    before, loaded = dict(MODULES._parts), dict(plugins._LOADED)
    try:
        plugins.load([files / "nets.py"])
        folder = create(files / "results", "nets", datetime.now().astimezone())
        plan = make_plan(load(str(files / "nets.toml")), device="cpu", threads=1, workers=1)
        folder.write_plan(plan)
        with patch("signal.signal", lambda *_: None):
            assert Worker(folder, 0, 0, range(len(plan.stacks))).run() == 0
        yield files
    finally:
        for own, was in ((plugins._LOADED, loaded), (MODULES._parts, before)):
            own.clear()
            own.update(was)


def said(bench: Path, *words: str) -> str:
    """What a verb prints, with the document's file of parts."""
    done = CliRunner().invoke(app, [*words, "--parts", str(bench / "nets.py")])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_document_trains(bench: Path) -> None:
    """Every variant comes to its end with all its seeds, and the run's log says once what goes trial by trial, and why."""
    table = said(bench, "table", "latest", "--out", str(bench / "results"))
    lines = [json.loads(line) for path in bench.rglob("events/*.jsonl") for line in path.read_text().splitlines()]
    notes = [line["text"] for line in lines if line["kind"] == "note"]

    assert all(re.search(rf"{variant} +3/3", table) for variant in ("conv", "wide", "rows"))
    assert [NOTE in note and "random numbers" in note for note in notes] == [True]


def test_check_tells_what_goes_trial_by_trial(bench: Path) -> None:
    """`check` says which variant's trials go one after the other."""
    done = CliRunner().invoke(app, ["check", str(bench / "nets.toml"), "--parts", str(bench / "nets.py")])

    assert "fine" in done.stdout
    assert re.search(
        rf"variants\.rows\.model\.layers: module1: {NOTE} \(it draws random", " ".join(done.stderr.split())
    )


def test_show_draws_what_is_inside(bench: Path) -> None:
    """`show --graph` has the inner layers with shapes and parameters; `parts` explains the module with its argument."""
    recipe = str(bench / "nets.toml")
    graph, table, data = (said(bench, "show", recipe, *words) for words in (["--graph"], [], ["--json"]))
    part = said(bench, "parts", "conv_block")

    assert re.search(r"module1 +8 +344 +conv_block \(width 4\)", graph)
    assert re.search(r"conv1 +4 x 8 x 8 +40 +Conv2d", graph)
    assert "module1 (conv_block: Conv2d, BatchNorm2d, Conv2d)" in table
    assert [one["name"] for one in json.loads(data)["candidates"][0]["net"][0]["inside"]] == ["conv1", "norm", "conv2"]
    assert "the channels of the first convolution" in part
    assert "<svg" in said(bench, "show", recipe, "--graph", "--format", "svg")


def test_the_schema_knows_the_arguments(bench: Path) -> None:
    """The schema that is made with the file takes the document's recipe, and no argument that the module lacks."""
    from jsonschema import Draft202012Validator

    schema = json.loads(said(bench, "schema"))
    layers = Draft202012Validator({**schema, "$ref": "#/$defs/layers", "properties": {}, "additionalProperties": True})
    good = {"kind": "module", "module": "conv_block", "width": 4}

    assert layers.is_valid(good)
    assert layers.is_valid({**good, "repeat": 2})
    assert not layers.is_valid({**good, "widht": 4})
    assert not layers.is_valid({**good, "width": "wide"})
    assert not layers.is_valid({**good, "module": "conv_blok"})


def test_the_net_leaves(bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exported code imports the file, a copy of which lies beside it, and says what `predict` says of new samples."""
    results = ("latest", "--out", str(bench / "results"))
    said(bench, "export", *results, "--format", "safetensors", "-o", str(tmp_path / "out"))
    x = np.random.default_rng(0).normal(size=(6, 1, 8, 8)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    words = ("predict", "latest", str(tmp_path / "x.npy"), "--out", str(bench / "results"))
    rows = list(csv.DictReader(said(bench, *words, "--variant", "wide", "--seed", "1").splitlines()))
    ours = [[float(row[f"p({digit})"]) for digit in range(10)] for row in rows]
    code = (tmp_path / "out" / "wide" / "net.py").read_text()
    for name in ("conv_block", "rows"):  # as in a process of its own
        monkeypatch.delitem(MODULES._parts, name)
    monkeypatch.syspath_prepend(tmp_path / "out" / "wide")
    with patch.dict(sys.modules):
        scope: dict[str, object] = {"__name__": "net"}
        exec(compile(code, "net.py", "exec"), scope)
    net = scope["load"](str(tmp_path / "out" / "wide" / "seed-1.safetensors"))  # type: ignore[operator]
    for name in ("conv_block", "rows"):
        del MODULES._parts[name]

    assert (tmp_path / "out" / "wide" / "nets.py").read_text() == (bench / "nets.py").read_text()
    assert "nets.py must lie where Python finds it" in code
    assert {"module1.conv1.weight", "module1.norm.running_var", "output.bias"} <= set(net.state_dict())
    assert net.predict(torch.from_numpy(x)).numpy() == pytest.approx(np.array(ours), abs=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('module = "conv_block"', 'module = "conv_blok"', "is called 'conv_blok'; did you mean 'conv_block'?"),
        ("width = 4", "widht = 4", "'conv_block' has no argument 'widht'; did you mean 'width'?"),
        ("width = 4", 'width = "wide"', 'takes a whole number, not the text "wide"'),
        ("rate = 0.2", "units = 0", "'rows' cannot be built for samples of (1, 8, 8)"),
        ('kind = "digits"\nlimit = 500', 'kind = "xor"\n', "'conv_block' does not take samples of (2,)"),
    ],
)
def test_mistakes_are_told_at_their_line(bench: Path, old: str, new: str, what: str) -> None:
    """What is wrong with a module is one sentence, with the line that it is about."""
    text = (bench / "nets.toml").read_text()
    (bench / "wrong.toml").write_text(text.replace(old, new))
    with pytest.raises(DlbenchError) as caught:
        load(str(bench / "wrong.toml"))

    about = 'module = "conv_block"' if "xor" in new else old
    line = next(number for number, own in enumerate(text.splitlines(), 1) if about in own)
    assert what in str(caught.value)
    assert f"wrong.toml:{line}: " in str(caught.value)


def test_a_net_may_end_in_a_module(bench: Path) -> None:
    """Without the output layer the module's outputs are the net's: they must be as many as there are classes."""
    whole = (bench / "nets.toml").read_text().split("[variants")[0]
    ending = whole.replace("[train]", "output = { layer = false }\n\n[train]").replace("epochs = 2", "steps = 3")
    (bench / "whole.toml").write_text(ending.replace("width = 4", "width = 5"))
    recipe = load(str(bench / "whole.toml"))
    plan = make_plan(recipe, device="cpu", threads=1, workers=1)
    folder = create(bench / "whole", "whole", datetime.now().astimezone())
    folder.write_plan(plan)
    with patch("signal.signal", lambda *_: None):
        assert Worker(folder, 0, 0, [0]).run() == 0
    (bench / "whole.toml").write_text(ending)

    assert recipe.candidates[0].settings["model"]["output"]["layer"] is False
    assert recipe.candidates[0].settings["model"]["output"]["units"] == 10
    shown = said(bench, "show", str(bench / "whole.toml"), "--set", "model.layers.0.width=5")
    assert not re.search(r"^ *output ", shown, re.MULTILINE)
    with pytest.raises(DlbenchError, match=r"must put out \(10,\), and puts out \(8,\)"):
        load(str(bench / "whole.toml"))


@pytest.mark.extras
def test_the_document_runs_in_processes(files: Path) -> None:
    """The command that the document names trains the recipe to its end, in processes that load the file each."""
    done = called(files, "run", "nets.toml", "--parts", "nets.py", "--display", "json", "--out", "processes")
    notes = [line for line in done.stderr.splitlines() if NOTE in line]

    assert done.returncode == 0, done.stderr
    assert "test_accuracy" in done.stdout
    assert len(notes) == 1
    assert "variants.rows" in notes[0]
