"""What the shell offers behind a verb."""

import os
import subprocess
import sys

import pytest

from dlbench.cli import complete
from dlbench.cli.nets import FORMAT
from dlbench.export import EXPORTERS, RECORDS, WRITERS
from dlbench.parts import CATALOGS
from dlbench.recipe import shipped_recipes

SHIPPED = [path.stem for path in shipped_recipes()]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with a recipe, something else, and two runs."""
    for name in ("mine.toml", "mine.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "more").mkdir()
    for name in ("xor/20260101-000000", "digits/20260102-000000"):
        (tmp_path / "results" / name).mkdir(parents=True)
        (tmp_path / "results" / name / "plan.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(words, folder):
    """What bash is offered for a command line that ends in an unfinished word."""
    env = os.environ | {
        "_DLBENCH_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    code = "import sys; sys.argv[0] = 'dlbench'; from dlbench.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_recipes(folder):
    """Shipped names come first, then TOML files and folders, and nothing else."""
    assert complete.recipes("") == [*SHIPPED, "mine.toml", "more/", "results/"]
    assert complete.recipes("mi") == ["mine.toml"]
    assert complete.recipes("xor-n") == ["xor-nine-layers"]


def test_runs(folder):
    """`latest` stands in front of the runs, which come newest first."""
    assert complete.runs("l") == ["latest"]
    assert complete.runs("") == ["latest", "digits/20260102-000000", "xor/20260101-000000"]
    assert complete.runs("x") == ["xor/20260101-000000"]


def test_parts():
    """Catalogues, parts and `metrics` are offered, each once and in order."""
    found = complete.parts("")

    assert found == sorted(set(found))
    assert {"metrics", "layers", "dense", *CATALOGS["optimizers"].names} <= set(found)
    assert complete.parts("xav") == ["xavier"]


def test_downloads_and_formats():
    """Only what can be fetched is offered to `data fetch`, and every format to `export`."""
    assert "mnist" in complete.downloads("")
    assert "xor" not in complete.downloads("")
    assert complete.formats("") == [*EXPORTERS.names, *WRITERS.names, FORMAT]
    assert complete.tables("") == RECORDS.names


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("dlbench ta", ["table"]),
        ("dlbench run xor-n", ["xor-nine-layers"]),
        ("dlbench table dig", ["digits/20260102-000000"]),
        ("dlbench run --resume xo", ["xor/20260101-000000"]),
        ("dlbench parts xav", ["xavier"]),
        ("dlbench data fetch fashion", ["fashion_mnist"]),
    ],
)
def test_bash(folder, words, expected):
    """The shell gets verbs, recipes, runs, parts and datasets at their places."""
    assert offered(words, folder) == expected


def test_completion_loads_nothing_heavy():
    """Names of recipes and runs come without any heavy library."""
    code = "import sys; from dlbench.cli import complete; complete.recipes(''); complete.runs(''); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not {"torch", "numpy", "scipy", "pydantic", "rich"} & set(done.stdout.split())
