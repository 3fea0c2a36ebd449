"""What the callbacks of all libraries share: a recording that begins and ends with the library's training."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from dlbench.callbacks.names import BARE, LoggedNames
from dlbench.recording.door import record
from dlbench.recording.layers import Model
from dlbench.recording.muted import MutedRecording
from dlbench.recording.recording import Recording

CUT_OFF = "the training ended before its end; its library does not tell callbacks why"


class LibraryRecorder:
    """Records each training that its library tells it of; its arguments are those of `dlbench.record`.

    As a context manager it keeps the recording open until its block ends, so that tests after the training are recorded too, and
    what ends the block is told. Without a block the recording ends with the training, or with the program where an error does.
    """

    def __init__(  # noqa: PLR0913  # those of the door, by name and once more: skorch reads them from here for its searches
        self,
        *,
        name: str | None = None,
        variant: str | None = None,
        seed: int | None = None,
        out: str | os.PathLike[str] | None = None,
        budget: float = 0.03,
        controls: bool = True,
        questions: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.name, self.variant, self.seed, self.out = name, variant, seed, out
        self.budget, self.controls, self.questions, self.settings = budget, controls, questions, settings
        self.recording: Recording | MutedRecording | None = None
        """The newest one, open or closed, to log more numbers in; `None` before the first training."""
        self._is_open = self._is_in_block = self._is_trained = self._is_stopping = False
        self._names = LoggedNames()
        self._rate: Any = None
        """The learning rate of the last step, where the library tells of it before a scheduler changes it."""

    def __enter__(self) -> Self:
        self._is_in_block = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_in_block = False
        if error is not None:
            self._fail(error)
        elif self._is_open:
            self._close()

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles have the arguments, and no recording."""
        closed = {"recording": None, "_is_open": False, "_is_in_block": False, "_names": LoggedNames()}
        return self.__dict__ | closed

    # --- what the library tells ---------------------------------------------------------------------------------------

    def _begin(
        self, model: Model, optimizer: Optimizer | Iterable[Optimizer] | None, scaler: GradScaler | None = None
    ) -> None:
        """A training begins. One that nobody has told the end of was cut off by an error."""
        if self._is_open:
            self._close()
        run = record(
            model,
            optimizer,
            name=self.name,
            variant=self.variant,
            seed=self.seed,
            out=self.out,
            budget=self.budget,
            controls=self.controls,
            questions=self.questions,
            settings=self.settings,
            scaler=scaler,
        )
        run.on_stop = self._stop
        self.recording, self._names, self._rate = run, LoggedNames(), None
        self._is_open, self._is_trained, self._is_stopping = True, False, False

    def _stop(self) -> None:
        """Someone asks the training to stop, which its library does in its own way after this step."""
        self._is_stopping = True

    def _log(self, values: Mapping[str, Any], epoch: float | None = None, bare: Mapping[str, str] = BARE) -> None:
        """Keep what the library has logged; before a training and after it nothing."""
        if self.recording is None or not self._is_open:
            return
        told = self._names.renamed(values, bare)
        if not told:
            return
        if self._rate is not None:
            told.setdefault("learning_rate", self._rate)
        if epoch is not None:
            told["epoch"] = epoch
        self.recording.log(**told)

    def _end(self, *, interrupted: bool = False) -> None:
        """The training has ended, in the library's own way; in a block the recording goes on."""
        self._is_trained = True
        self._is_stopping |= interrupted
        if self._is_open and not self._is_in_block:
            self._close()

    def _fail(self, error: BaseException) -> None:
        """An error, Ctrl-C or `sys.exit` ends it."""
        if self.recording is not None and self._is_open:
            self.recording.__exit__(type(error), error, None)
            self._is_open = False

    def _close(self) -> None:
        if self.recording is None:
            return
        if not self._is_trained:
            self.recording.close("failed", CUT_OFF)
        else:
            self.recording.close("stopped" if self._is_stopping else "done")
        self._is_open = False
