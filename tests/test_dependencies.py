"""What is imported is declared in pyproject.toml, and what is declared is imported."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import dlbench

ROOT = Path(dlbench.__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULES = {"pillow": "PIL", "pyyaml": "yaml", "scikit-learn": "sklearn"}
"""Distributions whose module has another name than they."""

HALVES = {"pydantic_core": "pydantic", "google": "tensorboard"}
"""Modules that a library pins to one version and tells its users to import from."""

PLUGINS = {"pytest_xdist"}
"""What is used by an option, and imported by nobody."""

CALLBACKS = ("keras", "lightning", "skorch", "transformers")
"""Extras that are called as the library that a callback is for."""


def modules(requirements):
    """The modules that some requirements bring: `scikit-learn>=1.5` brings sklearn."""
    names = [re.match(r"[\w-]+", requirement).group() for requirement in requirements]
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


RUNTIME = modules(PROJECT["dependencies"])
EXTRAS = {name: modules(wanted) for name, wanted in PROJECT["optional-dependencies"].items()}


@cache
def imported(folder):
    """The modules of others that the files of a folder import, wherever in the file."""
    names = set()
    files = list((ROOT / folder).rglob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.partition(".")[0])
    # Scripts and tests name their neighbours; inside of the package everything is called dlbench, whatever its files are called.
    folders = [path for file in files for path in (file, *file.relative_to(ROOT).parents)]
    ours = set() if folder == "dlbench" else {path.stem for path in folders}
    return {HALVES.get(name, name) for name in names - sys.stdlib_module_names - ours - {"dlbench", "benchmarks"}}


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("dlbench", {"images", "ray", "serve", "slurm", "tensorboard", "yaml", *CALLBACKS}),
        ("tests", {"ray", "slurm", "test", "serve", "tensorboard", *CALLBACKS}),
        ("benchmarks", {"bench", "ray", "serve"}),
        ("docs", {"test"}),
    ],
    ids=["dlbench", "tests", "benchmarks", "docs"],
)
def test_what_is_imported_is_declared(folder, extras):
    """Nothing is there only because another library happens to bring it; pytest brings itself, wherever our plug-in runs."""
    assert imported(folder) - RUNTIME.union(*(EXTRAS[name] for name in extras)) <= {"pytest"}


def test_what_is_declared_is_imported():
    """Nobody installs a library that nothing uses."""
    assert imported("dlbench") >= RUNTIME
    assert imported("tests") | imported("dlbench") | PLUGINS >= EXTRAS["test"]
    assert imported("dlbench") | imported("benchmarks") >= EXTRAS["bench"]
    assert imported("dlbench") >= set(CALLBACKS) | EXTRAS["serve"] | EXTRAS["images"]
