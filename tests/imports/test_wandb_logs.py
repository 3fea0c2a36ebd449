"""Files of Weights & Biases become recordings: of what its own command prints, and by wandb itself where it is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from imported import asked, curve, imports, states
from wandb_runs import offline_run

from dlbench.errors import SetupError, UsageError
from dlbench.imports import wandb_log
from dlbench.metrics.trial_view import Status

HEADER = {"type": "header", "header": {"version_info": {"producer": "0.31.0"}}}
RUN = {
    "type": "run",
    "run": {
        "config": {"update": {"_wandb": {}, "lr": 0.5, "seed": 1, "model": {"width": 64}}},
        "display_name": "first",
        "run_group": "g",
        "run_id": "abc",
    },
}
EXIT = {"type": "exit", "exit": {"exit_code": 0}}


def history(step: int, **numbers: Any) -> dict[str, Any]:
    """A record as wandb prints it of a call of `log`."""
    item = {"_runtime": step / 10, "_step": step, "_timestamp": 1.8e9, **numbers}
    return {"type": "history", "history": {"item": item, "step": {"num": step}}}


def summary(**update: Any) -> dict[str, Any]:
    """A record of what a run says of itself in the end."""
    return {"type": "summary", "summary": {"update": update}}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command `wandb` that prints the file it is given, and what lies beside it as `said` on stderr with the code in `code`."""
    command = tmp_path / "bin" / "wandb"
    command.parent.mkdir()
    command.write_text(
        '#!/bin/sh\ncd "$(dirname "$4")"; cat "$4"; cat said >&2 2>/dev/null; exit $(cat code 2>/dev/null || echo 0)\n'
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")
    monkeypatch.setattr(wandb_log, "find_spec", lambda _: None)
    return tmp_path


def file(folder: Path, *records: Any) -> Path:
    """What the command is to print: a record a line, numbered; texts as they are."""
    path = folder / "run-abc.wandb"
    path.write_text(
        "".join(
            f"{one if isinstance(one, str) else json.dumps({'num': number, **one})}\n"
            for number, one in enumerate(records, 1)
        )
    )
    return path


def test_a_run_has_its_configuration_and_its_numbers(fake: Path) -> None:
    """The configuration before the first step names variant and seed; the history is the curves, by wandb's own steps."""
    later = {"type": "config", "config": {"update": {"opt": "sgd"}}}
    steps = [history(step, **{"train/loss": 1 / (step + 1), "global_step": 8 * step}) for step in (0, 2, 4)]
    imports("wandb", [file(fake, HEADER, RUN, later, *steps, EXIT)], fake / "out", asked("{run} lr {lr}"))
    ((key, state),) = states(fake / "out").items()

    assert key == ("first lr 0.5", 1)
    assert state.plan.candidates[0].settings == {"lr": 0.5, "model/width": 64, "opt": "sgd"}
    assert curve(state, "train_loss") == {step: 1 / (step + 1) for step in (0, 2, 4)}
    assert curve(state, "global_step") == {0: 0, 2: 16, 4: 32}
    assert state.trials[0].seconds == pytest.approx(0.4)
    assert state.trials[0].status is Status.OK


def test_what_stands_in_the_summary_alone_is_of_the_last_step(fake: Path) -> None:
    """A number that was never logged at a step is taken for the last one, and told; what was logged stays as it was."""
    records = (history(0, loss=1.0), history(3, loss=0.5), summary(_step=3, loss=0.5), summary(best=7, deep={"a": 1}))
    (one,) = imports("wandb", [file(fake, HEADER, RUN, *records, EXIT)], fake / "out").recordings
    (state,) = states(fake / "out").values()

    assert (curve(state, "best"), curve(state, "deep/a")) == ({3: 7}, {3: 1})
    assert curve(state, "loss") == {0: 1.0, 3: 0.5}
    assert "of its summary alone, and taken for its last step: best, deep/a" in one.remarks


def test_pictures_and_tables_are_left_out(fake: Path) -> None:
    """What has a kind of its own is one remark, and none of its parts is a number."""
    records = [history(0, loss=1.0, **{"h._type": "histogram", "h.bins": [1], "h.count": 3, "hat": 2})]
    (one,) = imports("wandb", [file(fake, HEADER, RUN, *records, EXIT)], fake / "out").recordings

    assert sorted(one.names) == ["hat", "loss"]
    assert [text for text in one.remarks if "'h'" in text] == ["'h' is left out: it is a histogram"]


def test_how_a_run_ended_is_what_it_says(fake: Path) -> None:
    """An exit code is a failure; a file without an end, as that of a run under way, is told to have none."""
    failed = {"type": "exit", "exit": {"exit_code": 1}}
    imports("wandb", [file(fake, HEADER, RUN, history(0, loss=1.0), failed)], fake / "out")
    (state,) = states(fake / "out").values()
    (fake / "said").write_text("wandb leet inspect: reached the end of an incomplete .wandb file\n")
    (one,) = imports("wandb", [file(fake, HEADER, RUN, history(0, loss=2.0))], fake / "out").recordings

    assert state.trials[0].status is Status.FAILED
    assert "does not say how it ended: it is under way, or was killed" in one.remarks
    assert "reached the end of an incomplete .wandb file" in one.remarks


@pytest.mark.parametrize(
    ("records", "said", "code", "told"),
    [
        ([], "", "0", "has no records"),
        ([HEADER, RUN, EXIT], "", "0", "has no numbers beside its steps"),
        ([HEADER], "Error: bad header: 193DF801", "1", "is no file of wandb, or is damaged: bad header: 193DF801"),
        ([HEADER, history(0, loss="x" * 9), history(1, loss="y")], "", "0", "has no numbers beside its steps"),
        ([HEADER, history(0, loss=1), history(1, loss="y")], "", "0", ":3: 'y' in 'loss' is no number"),
        ([HEADER, history(-1, loss=1)], "", "0", ":2: the step '-1' is no whole number"),
        ([HEADER, {"type": "history", "history": {"item": {"loss": 1, "_step": "a"}}}], "", "0", ":2: the step 'a'"),
        ([HEADER, {"type": "history", "history": 3}, "[[[", "3", '{"num": []}'], "", "0", "has no numbers"),
    ],
)
def test_damage_is_one_error(fake: Path, records: list[Any], said: str, code: str, told: str) -> None:
    """What wandb cannot read, and what it prints that no run has logged, is told with the file, and nothing is imported."""
    (fake / "said").write_text(said)
    (fake / "code").write_text(code)
    with pytest.raises(UsageError) as caught:
        imports("wandb", [file(fake, *records)], fake / "out")

    assert "run-abc.wandb" in str(caught.value)
    assert told in str(caught.value)
    assert not (fake / "out" / "mine").exists()


def test_a_wandb_that_cannot_be_had_is_told(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older one without the command, and none at all, are faults of the machine, with what to install."""
    path = file(fake, HEADER, RUN, history(0, loss=1.0), EXIT)
    (fake / "code").write_text("2")
    with pytest.raises(
        SetupError, match=r"has no `wandb leet inspect`; install it with `pip install 'dlbench\[wandb\]'`"
    ):
        imports("wandb", [path], fake / "out")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError, match="are read by wandb itself; install it"):
        imports("wandb", [path], fake / "out")


@pytest.mark.extras
def test_files_of_wandbs_own(tmp_path: Path) -> None:
    """What wandb itself has written comes back with its numbers; half of the file has half of them, noise none."""
    path = offline_run(tmp_path, 200, lr=0.5, seed=3)
    imports("wandb", [tmp_path / "wandb"], tmp_path / "out", asked("{lr}"))
    found = states(tmp_path / "out")
    half = tmp_path / "half.wandb"
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (cut,) = imports("wandb", [half], tmp_path / "cut").recordings
    half.write_bytes(bytes(range(256)) * 64)

    assert found.keys() == {("0.5", 3)}
    assert curve(found["0.5", 3], "validation_loss") == {step: pytest.approx(1 / (step + 1)) for step in range(200)}
    assert 0 < cut.steps < 199
    assert any("incomplete" in text for text in cut.remarks)
    with pytest.raises(UsageError, match="is no file of wandb"):
        imports("wandb", [half], tmp_path / "noise")
