"""Parts from elsewhere: a file that is named, an installed package, and runs of them without it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dlbench
from dlbench import plugins
from dlbench.errors import UsageError
from dlbench.plugins import PartsFile

DOCUMENT = Path(dlbench.__file__).parents[1] / "docs" / "extending.md"


def blocks(language):
    """The code of the document in a language, in its order."""
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A folder with the document's two files, trained in."""
    folder = tmp_path_factory.mktemp("extending")
    (folder / "mine.py").write_text(blocks("python")[0])
    (folder / "mine.toml").write_text(next(block for block in blocks("toml") if "rings" in block))
    done = called(folder, "run", "mine.toml", "--parts", "mine.py", "--display", "none")
    assert done.returncode == 0, done.stderr
    return folder


def called(folder, *words, path=None):
    """dlbench, as a process in a folder; `path` is where packages are looked for too."""
    env = os.environ | {"COLUMNS": "200", "OMP_NUM_THREADS": "1"}
    if path is not None:
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(path), env.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "dlbench", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_documents_file_adds_its_parts(bench):
    """An activation, a dataset and a metric of one's own are trained with and compared by."""
    done = called(bench, "table", "latest", "--parts", "mine.py")

    assert done.returncode == 0, done.stderr
    assert "rounded" in done.stdout
    assert "loss fall" in done.stdout


def test_the_documents_export_writes(bench):
    """An export of one's own is a format like the others."""
    done = called(bench, "export", "latest", "--parts", "mine.py", "--format", "names")

    assert done.stdout.split() == ["relu", "rounded"]


def test_the_documents_measure_and_rule_are_told(bench):
    """A measure of one's own is probed, and what a rule of one's own finds by it stands under the table and in JSON."""
    table, data = (called(bench, *words, "latest", "--parts", "mine.py") for words in (["table"], ["table", "--json"]))
    kinds = [one["kind"] for variant in json.loads(data.stdout)["findings"]["variants"] for one in variant["findings"]]

    told = "relu: in all 3 seeds there is one-sided: no output of dense1, dense2 is below zero, since step 0"
    assert told in " ".join(table.stdout.split())
    assert "rounded: " not in table.stdout
    assert kinds == ["one-sided-units"]


@pytest.mark.extras
def test_the_documents_other_parts_train(bench):
    """Two files of parts at once: the second one's layer, init, optimizer, schedule, loss and dataset are trained with."""
    (bench / "more.py").write_text(blocks("python")[1])
    (bench / "more.toml").write_text(next(block for block in blocks("toml") if '"waves"' in block))
    words = ["--parts", "mine.py", "--parts", "more.py"]
    done = called(bench, "run", "more.toml", *words, "--out", "others", "--display", "json")

    assert done.returncode == 0, done.stderr
    assert '"test_rmse"' in done.stdout


@pytest.mark.extras
def test_the_documents_measure_and_rule_look_at_layers(bench):
    """`probe` tells a measure of one's own beside its own ones, and what a rule finds that is no more than a note."""
    data, text = (called(bench, "probe", "mine.toml", "--parts", "mine.py", *words) for words in (["--json"], []))
    assert data.returncode == 0, data.stderr
    relu, rounded = json.loads(data.stdout)["profiles"]

    assert [layer["own"]["negative_fraction"] for layer in relu["layers"][:2]] == [0, 0]
    assert all(0 < layer["own"]["negative_fraction"] < 1 for layer in rounded["layers"][:2])
    assert [one["severity"] for one in relu["wrong"]] == ["note"]
    assert "! one-sided: no output of dense1, dense2 is below zero" in text.stdout


def test_a_run_opens_without_its_parts(bench):
    """Without the file the table stands, and says what is not known here."""
    done = called(bench, "table", "latest")

    assert done.returncode == 0, done.stderr
    assert "rounded" in done.stdout
    assert "no metric is called 'loss_fall' here" in " ".join(done.stdout.split())


def test_resume_takes_no_other_file(bench, tmp_path):
    """A run goes on with the very file that it was begun with: not without it, not with another of its name."""
    other = tmp_path / "mine.py"
    other.write_text((bench / "mine.py").read_text() + "\n# another\n")
    without, changed = (
        called(bench, "run", "--resume", "latest", "--display", "none", *words)
        for words in ([], ["--parts", str(other)])
    )

    assert (without.returncode, changed.returncode) == (2, 2)
    assert "continue it with '--parts" in without.stderr
    assert "is not the file that" in changed.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        (
            "from dlbench.parts.activations import ACTIVATIONS\n@ACTIVATIONS.add(name='relu')\ndef own(x): return x",
            "registered twice",
        ),
        (None, "cannot be read as parts"),
    ],
)
def test_a_file_that_breaks_is_told(tmp_path, text, said):
    """A file that is missing, or breaks while it is imported, is one clear error, with its path and the reason."""
    path = tmp_path / "broken.py"
    if text is not None:
        path.write_text(text)

    with pytest.raises(UsageError, match=rf"broken\.py.*{said}"):
        plugins.load([path])
    assert all(file.path != str(path) for file in plugins.loaded())


def test_a_recipe_alone_loads_no_code(tmp_path):
    """A recipe that names a part of a file is wrong without the file, whatever lies beside it."""
    (tmp_path / "mine.py").write_text(blocks("python")[0])
    (tmp_path / "mine.toml").write_text(next(block for block in blocks("toml") if "rings" in block))
    done = called(tmp_path, "check", "mine.toml")

    assert done.returncode == 2
    assert "rings" in done.stderr


def test_installed_packages_add_their_modules(tmp_path):
    """A package with an entry point in the group adds its parts without being named."""
    (tmp_path / "elsewhere.py").write_text(
        "from dlbench.parts.activations import ACTIVATIONS\n"
        "@ACTIVATIONS.add(bounds=(None, None))\ndef doubled(x):\n    '''2 x.'''\n    return 2 * x\n"
    )
    facts = tmp_path / "elsewhere-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[dlbench.parts]\nelsewhere = elsewhere\n")
    done = called(tmp_path, "parts", "activations", path=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "doubled" in done.stdout


def test_only_the_same_files_will_do():
    """Files are the same by their bytes, wherever they lie; none for none."""
    plugins.require([], "a run")
    with pytest.raises(UsageError, match=r"continue it with '--parts /a/b\.py'"):
        plugins.require([PartsFile("/a/b.py", "0" * 64)], "a run")
