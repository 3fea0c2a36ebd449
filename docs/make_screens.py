"""Make the pictures of the dashboard in docs/screens: train shipped recipes, open the runs, press keys, save the screens.

`make screens`, or `python docs/make_screens.py [RUN]...` to photograph runs that are there already, and no others.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dlbench.run.folder import RunFolder, find_run
from dlbench.tui.app import Dashboard
from dlbench.tui.model.feed import Feed
from dlbench.tui.model.run_info import run_info
from dlbench.tui.model.source import FolderSource
from dlbench.tui.model.view import View
from dlbench.tui.options import DashboardOptions
from dlbench.tui.themes import palette

RUNS = {"xor-nine-layers": [], "rbm": ["--seeds", "2"]}
"""What is trained, and with which options: pictures of a machine need no ten seeds of it."""
SCREENS = Path(__file__).parent / "screens"
PATIENCE = 60.0


@dataclass(frozen=True)
class Shot:
    """One picture: its file's name, the keys that lead to it, the terminal's size, the theme, and of what it is."""

    name: str
    keys: tuple[str, ...]
    size: tuple[int, int] = (120, 40)
    theme: str = "dark"
    recipe: str = "xor-nine-layers"


SHOTS = (
    Shot("gradients", ()),
    Shot("curves", ("2", "b")),
    Shot("layers", ("3", "home")),
    Shot("compare", ("4",)),
    Shot("lesson", ("5",)),
    Shot("narrow", (), (80, 24)),
    Shot("light", ("n", "n", "n", "n", "n"), theme="light"),
    Shot("pictures", ("8",), recipe="rbm"),
)


def main() -> None:
    """Photograph the runs that the command line names, or one of each recipe that is trained now."""
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as out:
        folders = [RunFolder(Path(run)) for run in sys.argv[1:]] or [
            trained(recipe, options, Path(out)) for recipe, options in RUNS.items()
        ]
        for folder in folders:
            for shot in (shot for shot in SHOTS if shot.recipe == folder.recipe):
                file = SCREENS / f"{shot.name}.svg"
                file.write_text(asyncio.run(photograph(folder, shot)), encoding="utf-8")
                print(file)


def trained(recipe: str, options: list[str], out: Path) -> RunFolder:
    """A run of a recipe, from beginning to end."""
    command = [sys.executable, "-m", "dlbench", "run", recipe, *options, "--out", str(out), "--display", "none"]
    subprocess.run(command, check=True)
    return find_run(out, recipe)


async def photograph(folder: RunFolder, shot: Shot) -> str:
    """The SVG of one screen of a run."""
    view = View(run_info(folder))
    app = Dashboard(
        view,
        feed=Feed(view, FolderSource(folder), folder),
        folder=folder,
        options=DashboardOptions(palette=palette(shot.theme)),
    )
    async with app.run_test(size=shot.size) as pilot:
        await until(lambda: view.loading is None and view.status != "running")
        await pilot.press(*shot.keys)
        if "4" in shot.keys:
            await until(lambda: view.report is not None)
        await pilot.pause(1.0)
        app.draw()
        await pilot.pause()
        return app.export_screenshot(title=f"dlbench watch {folder.recipe}")


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110  # the view is read, it tells nobody
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    main()
