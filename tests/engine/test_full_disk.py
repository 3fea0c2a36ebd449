"""A run's folder that takes nothing any more: said as that, exit code 3, and gone on from once there is room."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from cases import dense, plan_of, settings

from dlbench.analysis.summary import folded
from dlbench.cli.follow import troubles
from dlbench.engine import __main__ as process
from dlbench.engine import worker as workers
from dlbench.errors import UnwritableError
from dlbench.launch.status import explain_crash, status
from dlbench.run import atomic
from dlbench.run.events import EventReader, EventWriter
from dlbench.run.folder import RunFolder, create

PLAN = plan_of({"a": settings([dense(4)], steps=60), "b": settings([dense(5)], steps=60)}, seeds=[0, 1])


def train(folder: RunFolder, session: int) -> int:
    """Train what is unfinished in this process, as a worker would; its exit code."""
    stacks = ",".join(map(str, status(folder).unfinished))
    return process.main([str(folder.path), "--session", str(session), "--worker", "0", "--stacks", stacks])


def losses(folder: RunFolder) -> list[list[float]]:
    """The curves of all trials."""
    return [trial.curve("train_loss").tolist() for trial in folded(folder).trials]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run that nobody has begun."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    made = create(tmp_path, "case", datetime.now().astimezone())
    made.write_plan(PLAN)
    return made


def failing(call: Callable[..., object], after: int, number: int) -> Callable[..., object]:
    """A call of the system that works so many times, then fails with an error number, and goes on to fail."""
    calls = []

    def fail(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) > after:
            raise OSError(number, os.strerror(number))
        return call(*arguments)

    return fail


@pytest.mark.parametrize(("after", "number"), [(0, errno.ENOSPC), (2, errno.EROFS), (3, errno.EDQUOT)])
def test_a_checkpoint_that_finds_no_room_ends_the_worker_with_code_3(
    after: int, number: int, folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The `end` says why, nothing counts as failed, and with room again the run ends as if nothing had been."""
    undisturbed = create(tmp_path, "undisturbed", datetime.now().astimezone())
    undisturbed.write_plan(PLAN)
    assert train(undisturbed, 0) == 0
    with monkeypatch.context() as patches:
        patches.setattr(Path, "replace", failing(Path.replace, after, number))
        assert train(folder, 0) == 3

    (told,) = [event for event in EventReader(folder).poll() if event["kind"] == "end" and event["stack"] is None]
    assert told["status"] == "stopped"
    assert f"cannot be written: {os.strerror(number)}" in told["error"]
    assert status(folder).state == "stopped"
    assert troubles(folder) == [told["error"]]
    assert train(folder, 1) == 0
    assert losses(folder) == losses(undisturbed)


def test_events_that_find_no_room_end_the_worker_with_code_3(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where not even the `end` can be told, the console has the reason, and whoever asks later is told of the disk, not of a kill."""
    with monkeypatch.context() as patches:
        patches.setattr(os, "write", failing(os.write, 5, errno.ENOSPC))
        assert train(folder, 0) == 3
    assert "s000-w0.jsonl: cannot be written: No space left on device" in capsys.readouterr().err

    with monkeypatch.context() as patches:
        patches.setattr(atomic.os, "fsync", failing(os.fsync, 0, errno.ENOSPC))
        trouble = explain_crash(folder, status(folder).workers[0])
    assert trouble.endswith("cannot be written: No space left on device")
    assert "killed" not in trouble
    assert train(folder, 1) == 0


@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_a_folder_that_goes_while_it_trains_ends_the_worker_with_code_3(
    how: str, folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a worker nor its starter takes it for a kill or a mistake in dlbench, and no other folder appears in its place."""
    away = tmp_path / "away"

    def vanishing(*arguments: object) -> object:
        if folder.path.exists():
            folder.path.rename(away)
        return original(*arguments)

    original = workers.Worker._save
    monkeypatch.setattr(workers.Worker, "_save", vanishing)
    assert train(folder, 0) == 3
    (trouble,) = troubles(folder)
    assert "the run's folder was deleted or moved during the run" in trouble
    assert not folder.path.exists()

    away.rename(folder.path)
    monkeypatch.setattr(workers.Worker, "_save", original)
    if how == "moved":
        assert train(folder, 1) == 0


def test_a_file_of_events_that_was_deleted_is_noticed(folder: RunFolder) -> None:
    """A system lets go on writing into a deleted file; the writer does not."""
    writer = EventWriter(folder.events_file(0, 0))
    writer.write("note", text="before")
    folder.events_file(0, 0).unlink()

    with pytest.raises(UnwritableError, match="its folder was deleted or moved"):
        writer.write("note", text="after")


def test_a_damaged_env_file_keeps_no_run_from_training(folder: RunFolder) -> None:
    """It is told by a note, and left as it is."""
    folder.env_file.write_text("{")

    assert train(folder, 0) == 0
    assert folder.env_file.read_text() == "{"
    (note,) = [text for _, text in folded(folder).notes]
    assert "env.json: damaged, not JSON" in note
