"""Make the pictures of the dashboard in docs/screens: train a shipped recipe, open the run, press keys, save the screens.

`make screens`, or `python docs/make_screens.py [RUN]` to photograph a run that is there already.
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
from dlbench.tui.model.source import Tail
from dlbench.tui.model.subject import subject_of
from dlbench.tui.model.view import View
from dlbench.tui.options import Options
from dlbench.tui.themes import palette

RECIPE = "xor-nine-layers"
SCREENS = Path(__file__).parent / "screens"
PATIENCE = 60.0


@dataclass(frozen=True)
class Shot:
    """One picture: its file's name, the keys that lead to it, the terminal's size, the theme."""

    name: str
    keys: tuple[str, ...]
    size: tuple[int, int] = (120, 40)
    theme: str = "dark"


SHOTS = (
    Shot("gradients", ("v", "v", "v")),
    Shot("curves", ("2", "b")),
    Shot("layers", ("3", "home")),
    Shot("compare", ("4",)),
    Shot("lesson", ("5",)),
    Shot("narrow", (), (80, 24)),
    Shot("light", ("n", "n", "n", "n", "n"), theme="light"),
)


def main() -> None:
    """Photograph the run that the command line names, or one that is trained now."""
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as out:
        if sys.argv[1:]:
            folder = RunFolder(Path(sys.argv[1]))
        else:
            subprocess.run(
                [sys.executable, "-m", "dlbench", "run", RECIPE, "--out", out, "--display", "none"], check=True
            )
            folder = find_run(Path(out), RECIPE)
        for shot in SHOTS:
            file = SCREENS / f"{shot.name}.svg"
            file.write_text(asyncio.run(photograph(folder, shot)), encoding="utf-8")
            print(file)


async def photograph(folder: RunFolder, shot: Shot) -> str:
    """The SVG of one screen of a run."""
    view = View(subject_of(folder))
    app = Dashboard(
        view, feed=Feed(view, Tail(folder), folder), folder=folder, options=Options(palette=palette(shot.theme))
    )
    async with app.run_test(size=shot.size) as pilot:
        await until(lambda: view.loading is None and view.standing != "running")
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
