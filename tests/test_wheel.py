"""The wheel: what a user installs holds all that dlbench needs, and nothing of the checkout."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import dlbench

pytestmark = pytest.mark.extras

ROOT = Path(dlbench.__file__).parents[1]
BESIDE = Path(sys.executable).parent
"""Where `make` puts uv when it is nowhere else."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with what is in the wheel of this checkout, as an installer unpacks it."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = shutil.which("uv", path=f"{BESIDE}{os.pathsep}{os.environ['PATH']}")
    build = (
        [uv, "build", "--quiet", "--wheel", "--out-dir"]
        if uv
        else [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w"]
    )
    done = subprocess.run([*build, str(folder), str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def called(installed, folder, *words):
    """The installed dlbench, in a folder where no checkout is."""
    env = os.environ | {"PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "dlbench", *words]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_recipe_and_every_file_of_the_package_is_in_it(installed):
    """The wheel has the package's files, data that is no code among them, and the shipped recipes; no tests and no benchmarks."""
    there = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    known = subprocess.run(
        ["git", "ls-files", "dlbench", "recipes"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wanted = {
        name.replace("recipes/", "dlbench/shipped/", 1) if name.startswith("recipes/") else name
        for name in known.stdout.split()
    }

    assert wanted <= there
    assert {name.partition("/")[0] for name in there} == {"dlbench", f"dlbench-{dlbench.__version__}.dist-info"}


def test_it_lists_checks_and_trains(installed, tmp_path):
    """What was installed is what runs: it lists the recipes, and trains one of them by workers of its own."""
    code = "import dlbench; print(dlbench.__file__)"
    env = os.environ | {"PYTHONPATH": str(installed)}
    said = subprocess.run(
        [sys.executable, "-P", "-c", code], env=env, capture_output=True, text=True, check=True
    ).stdout
    listed = json.loads(called(installed, tmp_path, "list", "--json"))
    called(installed, tmp_path, "run", "xor-nine-layers", "--quick", "--device", "cpu", "--display", "none")

    assert Path(said.strip()).is_relative_to(installed)
    assert len(listed) == len(list((ROOT / "recipes").glob("*.toml")))
    assert (tmp_path / "results" / "xor-nine-layers").is_dir()
