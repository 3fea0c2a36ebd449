"""The document's net of one's own runs, from the recipe to the file of weights."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_plugins import blocks, called

NOTE = "trial by trial: slower, same statistics"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the document's two files, trained in."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "nets.py").write_text(next(block for block in blocks("python") if "ConvBlock" in block))
    (folder / "nets.toml").write_text(next(block for block in blocks("toml") if "conv_block" in block))
    done = called(folder, "run", "nets.toml", "--parts", "nets.py", "--display", "json")
    assert done.returncode == 0, done.stderr
    (folder / "told.json").write_text(done.stdout)
    (folder / "notes.txt").write_text(done.stderr)
    return folder


def test_the_document_trains(bench: Path) -> None:
    """Every variant trains with all its seeds, and what goes trial by trial is told once, with the reason."""
    notes = [line for line in (bench / "notes.txt").read_text().splitlines() if NOTE in line]

    assert "test_accuracy" in (bench / "told.json").read_text()
    assert len(notes) == 1
    assert "variants.rows" in notes[0]
    assert "random numbers" in notes[0]


def test_show_draws_what_is_inside(bench: Path) -> None:
    """`show --graph` has the inner layers with shapes and parameters; `parts` explains the module with its argument."""
    graph = called(bench, "show", "nets.toml", "--parts", "nets.py", "--graph").stdout
    part = called(bench, "parts", "conv_block", "--parts", "nets.py").stdout

    assert re.search(r"module1 +8 +344 +conv_block \(width 4\)", graph)
    assert re.search(r"conv1 +4 x 8 x 8 +40 +Conv2d", graph)
    assert "the channels of the first convolution" in part


def test_the_net_leaves(bench: Path) -> None:
    """In a process of its own, the exported net and `predict` say the same of new samples, and the file has torch's names."""
    samples = (
        "import numpy as np; np.save('x.npy', np.random.default_rng(0).normal(size=(6, 1, 8, 8)).astype('float32'))"
    )
    program = (
        f"{samples}; import json, sys; sys.path.insert(0, 'out/wide'); import torch; from net import load; "
        "net = load('out/wide/seed-1.safetensors'); x = torch.from_numpy(np.load('x.npy')); "
        "print(json.dumps([net.predict(x).tolist(), list(net.state_dict())]))"
    )
    words = ("--parts", "nets.py")
    done = called(bench, "export", "latest", *words, "--format", "safetensors", "-o", "out")
    assert done.returncode == 0, done.stderr
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=bench,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    theirs, names = json.loads(ran.stdout)
    said = called(bench, "predict", "latest", "x.npy", *words, "--variant", "wide", "--seed", "1")
    assert said.returncode == 0, said.stderr
    rows = list(csv.DictReader(said.stdout.splitlines()))
    ours = [[float(row[f"p({digit})"]) for digit in range(10)] for row in rows]

    assert (bench / "out" / "wide" / "nets.py").read_text() == (bench / "nets.py").read_text()
    assert "nets.py must lie where Python finds it" in (bench / "out" / "wide" / "net.py").read_text()
    assert {"module1.conv1.weight", "module1.norm.running_var", "output.bias"} <= set(names)
    assert np.array(theirs) == pytest.approx(np.array(ours), abs=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'module = "conv_block"',
            'module = "conv_blok"',
            "no module is called 'conv_blok'; did you mean 'conv_block'?",
        ),
        ("width = 4", "widht = 4", "'conv_block' has no argument 'widht'; did you mean 'width'?"),
        ("width = 4", 'width = "wide"', 'takes a whole number, not the text "wide"'),
        ("rate = 0.2", "units = 0", "'rows' cannot be built for samples of (1, 8, 8)"),
        ('kind = "digits"', 'kind = "xor"', "'conv_block' does not take samples of (2,)"),
    ],
)
def test_mistakes_are_told_at_their_line(bench: Path, old: str, new: str, said: str) -> None:
    """What is wrong with a module is one sentence, with the line that it is about, and code 2."""
    from dlbench import plugins
    from dlbench.errors import DlbenchError
    from dlbench.parts.modules import MODULES
    from dlbench.recipe import load

    before, files = dict(MODULES._parts), dict(plugins._LOADED)
    try:
        plugins.load([bench / "nets.py"])
        text = (bench / "nets.toml").read_text()
        (bench / "wrong.toml").write_text(text.replace(old, new))
        with pytest.raises(DlbenchError) as caught:
            load(str(bench / "wrong.toml"))
    finally:
        for own, was in ((plugins._LOADED, files), (MODULES._parts, before)):
            own.clear()
            own.update(was)

    line = next(number for number, own in enumerate(text.splitlines(), 1) if old in own)
    assert said in str(caught.value)
    assert f"{line}" in str(caught.value)
