"""The keys of the diagnosis: what is wrong with a trial, and trying what may mend it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dlbench.errors import DlbenchError

if TYPE_CHECKING:
    from dlbench.run.folder import RunFolder
    from dlbench.tui.app_base import AppBase
    from dlbench.tui.run_switcher import RunSwitcher


class DiagnosisActions:
    """The actions diagnosis and mend; remedies are tried by a `dlbench try` of its own, whose run is then on the screen."""

    def __init__(self, app: AppBase, switcher: RunSwitcher) -> None:
        self._app, self._switcher = app, switcher

    def action_diagnosis(self) -> None:
        """Show the findings of the trial that is looked at."""
        from dlbench.tui.screens.diagnosis import DiagnosisScreen

        def left(answer: Literal["mend"] | None) -> None:
            if answer == "mend":
                self.action_mend()

        self._app.push_screen(DiagnosisScreen(), left)

    def action_mend(self) -> None:
        """Ask, then train the variant again with one remedy each."""
        from dlbench.tui.screens.mending import MendPrompt

        def answer(variant: str | None) -> None:
            if variant is not None:
                self._app.notify(f"starting the remedies of {variant}", markup=False)
                self._app.run_worker(partial(self._start, variant), thread=True, exit_on_error=False)

        if self._app.no_control is not None:
            self._app.notify(self._app.no_control, severity="warning", markup=False)
            return
        self._app.push_screen(MendPrompt(), answer)

    def _start(self, variant: str) -> None:
        """Have `dlbench try` make the run and start its workers, then show that run."""
        from dlbench.launch.apart import printed_apart
        from dlbench.run.folder import RunFolder

        app, folder = self._app, self._app.folder
        assert folder is not None
        path = folder.path.absolute()
        words = [
            "try",
            str(path),
            "--variant",
            variant,
            "--out",
            str(path.parent.parent),
            "--detach",
            "--display",
            "none",
        ]
        try:
            told = printed_apart(words).splitlines()
        except DlbenchError as error:
            app.call_from_thread(app.notify, str(error), severity="error", markup=False)
            return
        made = Path(told[-1]) if told else path
        if not (made / "plan.json").is_file():
            app.call_from_thread(app.notify, "\n".join(told), severity="warning", markup=False)
            return
        app.call_from_thread(app.call_later, self._show, RunFolder(made))

    async def _show(self, made: RunFolder) -> None:
        await self._switcher.show(made)
        self._app.notify(f"in the end `dlbench try {made.name}` tells which remedy mends it", markup=False)
