"""A plugin of pytest: `pytest recipes/` runs the recipes in a folder, one test item a claim, and judges those on recordings.

Every session of pytest in the environment loads it, so it imports nothing until there is a file that may be a recipe.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dlbench.errors import DlbenchError

if TYPE_CHECKING:
    from dlbench.pytest_plugin.items import ClaimsFile

NEVER = "pyproject.toml"
"""The one TOML file that is no recipe even where it is named."""

LINE = pytest.StashKey[int]()
"""On an item of ours: the line that it is about."""

TRAINED = pytest.StashKey[bool]()
"""On an item of ours: whether what it is about is trained for it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, which say how recipes are run and what fails."""
    group = parser.getgroup("dlbench", "recipes of dlbench")
    group.addoption("--dlbench-full", action="store_true", help="train recipes in full, not in their [quick] version")
    group.addoption(
        "--dlbench-strict",
        action="store_true",
        help="also fail if a claim is undecided, a claim of the lecture is refuted, or data or device are missing",
    )
    group.addoption(
        "--dlbench-seeds", metavar="N|LIST", help='a number of seeds ("5"), a list ("0,3,7") or a range ("0-9")'
    )
    group.addoption(
        "--dlbench-parts",
        metavar="FILE",
        action="append",
        type=Path,
        default=[],
        help="a Python file with parts of your own, for recipes, and for tests that run over the catalogues",
    )
    group.addoption("--dlbench-device", metavar="DEVICE", default="auto", help="auto, cpu, cuda, cuda:1 or mps")


def pytest_configure(config: pytest.Config) -> None:
    """Load files of parts before anything is collected, so that tests over a catalogue see what they add."""
    if files := config.getoption("dlbench_parts"):
        from dlbench import plugins

        try:
            plugins.load(files)
        except DlbenchError as error:
            raise pytest.UsageError(str(error)) from error


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ClaimsFile | None:
    """Collect a TOML file that is named, or that looks like a recipe, or like questions on recordings, in a folder that is."""
    if file_path.suffix != ".toml" or file_path.name == NEVER:
        return None
    from dlbench.pytest_plugin.finding import is_questions, is_recipe

    is_named = parent.session.isinitpath(file_path)
    if is_questions(file_path, is_named=is_named):
        from dlbench.pytest_plugin.recordings import RecordingsFile

        return RecordingsFile.from_parent(parent, path=file_path)
    if not is_named and not is_recipe(file_path):
        return None
    from dlbench.pytest_plugin.items import RecipeFile

    return RecipeFile.from_parent(parent, path=file_path)


def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    """Say by which version of the recipes their claims are judged, where there are any."""
    if not any(item.stash.get(TRAINED, False) for item in items):
        return []
    if config.getoption("dlbench_full"):
        return ["dlbench: recipes are trained in full"]
    return [
        "dlbench: recipes are trained in their [quick] version where they have one; --dlbench-full trains them in full"
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what is skipped name the line of the recipe instead of ours."""
    report = yield
    if LINE in item.stash and report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (str(item.path), item.stash[LINE], report.longrepr[2])
    return report
