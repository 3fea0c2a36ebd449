"""JSON lines become recordings with the numbers that the standard library reads in them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from imported import asked, curve, imports, states

from dlbench.errors import UsageError
from dlbench.metrics.trial_view import Status


def log(folder: Path, *lines: object, name: str = "log.jsonl") -> Path:
    """A file with an object a line; texts stand as they are."""
    path = folder / name
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_nested_keys_are_names(tmp_path: Path) -> None:
    """Values of nested objects have names with slashes, common ones ours; lists, texts and truth values are left out and told."""
    rows = [
        {"step": step, "train": {"loss": 1 / step, "extra": {"bleu": step}}, "tag": "x", "ok": True, "list": [1]}
        for step in (1, 2, 3)
    ]
    (one,) = imports("jsonl", [log(tmp_path, *rows)], tmp_path / "out").recordings
    (state,) = states(tmp_path / "out").values()

    assert curve(state, "train_loss") == {row["step"]: row["train"]["loss"] for row in rows}
    assert curve(state, "train/extra/bleu") == {1: 1, 2: 2, 3: 3}
    assert sorted(state.stacks[0].metrics.fields) == ["train/extra/bleu", "train_loss"]
    assert any("'tag', 'ok'" in text for text in one.remarks)
    assert any("'list' is left out" in text for text in one.remarks)


def test_first_lines_without_a_step_are_hyperparameters(tmp_path: Path) -> None:
    """A configuration before the first step names the trial; a line without a step afterwards belongs to the step before it."""
    path = log(tmp_path, {"lr": 0.1, "seed": 7}, {"step": 1, "loss": 2}, {"step": 5, "loss": 1}, {"test_loss": 0.5})
    imports("jsonl", [path], tmp_path / "out", asked("{lr}"))
    found = states(tmp_path / "out")

    assert found.keys() == {("0.1", 7)}
    assert curve(found["0.1", 7], "loss") == {1: 2, 5: 1}
    assert curve(found["0.1", 7], "test_loss") == {5: 0.5}


def test_numbers_that_json_does_not_have(tmp_path: Path) -> None:
    """NaN and Infinity, as Python writes them, are no numbers of a loss that diverged; whole numbers beyond floats are infinite."""
    path = log(
        tmp_path,
        {"step": 1, "train_loss": 1.0},
        {"step": 2, "train_loss": math.nan, "big": 1},
        f'{{"step": 3, "big": 1{"0" * 400}}}',
    )
    imports("jsonl", [path], tmp_path / "out")
    (state,) = states(tmp_path / "out").values()

    assert state.trials[0].status is Status.DIVERGED
    assert curve(state, "train_loss") == {1: 1.0}
    assert curve(state, "big") == {2: 1}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{oops}", ":2: is no JSON"),
        ("[1, 2]", ":2: is no JSON object"),
        ("3", ":2: is no JSON object"),
        ("[" * 100_000, ":2: is no JSON"),
        ('{"step": "a", "loss": 1}', ":2: the step 'a' is no whole number"),
        ('{"step": 2, "loss": "bad"}', ":2: 'bad' in 'loss' is no number"),
    ],
)
def test_damage_has_its_line(line: str, said: str, tmp_path: Path) -> None:
    """A line that is no object, or not what stood in its place before, is said with its number."""
    with pytest.raises(UsageError) as caught:
        imports("jsonl", [log(tmp_path, {"step": 1, "loss": 1}, line, {"step": 3, "loss": 1})], tmp_path / "out")

    assert f"log.jsonl{said}" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """What a killed writer has not finished is told, and the rest counts."""
    path = log(tmp_path, {"step": 1, "loss": 1})
    path.write_text(path.read_text() + '{"step": 2, "lo')
    (one,) = imports("jsonl", [path], tmp_path / "out").recordings

    assert curve(next(iter(states(tmp_path / "out").values())), "loss") == {1: 1}
    assert any("last line, 2, is torn" in text for text in one.remarks)
