"""Databases of trackio become recordings: by its schema, and by trackio itself where it is installed."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from imported import asked, curve, imports, states
from trackio_project import BEFORE, NOW, database, insert

from dlbench.errors import UsageError
from dlbench.metrics.trial_view import Status

RUNS = {f"lr{lr}-{seed}": {"lr": lr, "seed": seed, "model": {"width": 64}} for lr in (0.5, 0.25) for seed in range(2)}


@pytest.mark.parametrize("schema", [NOW, BEFORE], ids=["now", "before"])
def test_every_run_of_a_database_is_a_trial(tmp_path: Path, schema: str) -> None:
    """A database of four runs is four recordings with their configuration, variants and seeds named by it."""
    path = database(tmp_path / "project.db", RUNS, schema)
    made = imports("trackio", [path], tmp_path / "out", asked("lr {lr}"))
    found = states(tmp_path / "out")

    assert [one.source for one in made.recordings] == [f"{path} ({name})" for name in RUNS]
    assert found.keys() == {(f"lr {config['lr']}", config["seed"]) for config in RUNS.values()}
    for (_, seed), state in found.items():
        (candidate,) = state.plan.candidates
        lr = candidate.settings["lr"]
        assert candidate.settings == {"lr": lr, "model/width": 64}
        assert curve(state, "train_loss") == {step: lr / (step + 1) for step in range(3)}
        assert curve(state, "bleu/en") == {0: 0, 1: 1, 2: 2}
        assert seed in {0, 1}


def test_a_run_can_be_named_by_its_name(tmp_path: Path) -> None:
    """`{run}` and `{group}` are fields, and no settings."""
    imports("trackio", [database(tmp_path / "a.db", RUNS)], tmp_path / "out", asked("{group}: {run}"))

    assert {variant for variant, _ in states(tmp_path / "out")} == {f"g: {name}" for name in RUNS}


def test_a_run_that_is_added_later_is_imported_alone(tmp_path: Path) -> None:
    """Of a database that has grown the runs that were imported stay what they are; two runs of one content are two."""
    path = database(tmp_path / "a.db", {"one": {"lr": 0.5, "seed": 0}, "two": {"lr": 0.5, "seed": 1}})
    assert len(imports("trackio", [path], tmp_path / "out").recordings) == 2
    insert(path, "metrics", run_id="x", timestamp="2026", run_name="three", step=7, metrics='{"loss": 1}')
    later = imports("trackio", [path], tmp_path / "out")

    assert [one.source for one in later.recordings] == [f"{path} (three)"]
    assert len(later.known) == 2


def test_what_is_no_number_is_left_out(tmp_path: Path) -> None:
    """Pictures and histograms are told; NaN and infinity, which trackio writes as texts, are values of a loss that diverged."""
    path = database(tmp_path / "a.db", {"one": {"lr": 0.5, "seed": 0}}, steps=1)
    row = {"run_id": "id-one", "timestamp": "2026", "run_name": "one"}
    insert(
        path, "metrics", **row, step=1, metrics='{"train/loss": "NaN", "img": {"_type": "trackio.image", "file": "a"}}'
    )
    (one,) = imports("trackio", [path], tmp_path / "out").recordings
    (state,) = states(tmp_path / "out").values()

    assert "'img' is left out: it is a trackio.image" in one.remarks
    assert state.trials[0].status is Status.DIVERGED
    assert sorted(state.stacks[0].metrics.fields) == ["bleu/en", "train_loss"]


def test_reading_changes_nothing(tmp_path: Path) -> None:
    """While someone writes into a database in WAL mode its newest rows are read, and no file appears or goes away."""
    path = database(tmp_path / "a.db", {"one": {"lr": 0.5, "seed": 0}})
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = wal")
        row = ("id-one", "2026", "one", 9, '{"train/loss": 0.125}')
        writer.execute("INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?, ?)", row)
        writer.commit()
        before = {one.name: one.read_bytes() for one in tmp_path.glob("a.db*") if not one.name.endswith("-shm")}
        imports("trackio", [path], tmp_path / "out")
        after = {one.name: one.read_bytes() for one in tmp_path.glob("a.db*") if not one.name.endswith("-shm")}

    assert after == before
    assert curve(next(iter(states(tmp_path / "out").values())), "train_loss")[9] == 0.125
    imports("trackio", [path], tmp_path / "again")
    assert [one.name for one in tmp_path.glob("a.db*")] == ["a.db"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"metrics": "{oops"}, "(one):4: holds what is no JSON"),
        ({"metrics": b"\xff\xfe"}, "(one):4: holds what is no JSON"),
        ({"metrics": "[1]"}, "(one):4: holds JSON that is no object"),
        ({"metrics": 3}, "(one):4: holds JSON that is no object"),
        ({"metrics": "[" * 100_000}, "(one):4: holds what is no JSON"),
        ({"step": "soon"}, "(one):4: the step 'soon' is no whole number"),
        ({"step": -1}, "(one):4: the step '-1' is no whole number from 0 on"),
        ({"metrics": '{"train/loss": "bad"}'}, "(one):4: 'bad' in 'train/loss' is no number"),
    ],
)
def test_damage_has_its_run_and_row(tmp_path: Path, cells: dict[str, Any], said: str) -> None:
    """A row that no trackio has written is one error with the database, the run and the row, and nothing is imported."""
    path = database(tmp_path / "a.db", {"one": {"lr": 0.5, "seed": 0}})
    row = {"run_id": "id-one", "timestamp": "2026", "run_name": "one", "step": 5, "metrics": "{}"}
    insert(path, "metrics", **{**row, **cells})
    with pytest.raises(UsageError) as caught:
        imports("trackio", [path], tmp_path / "out")

    assert f"a.db {said}" in str(caught.value)
    assert not (tmp_path / "out" / "mine").exists()


def test_a_file_that_is_cut_or_no_database_is_one_error(tmp_path: Path) -> None:
    """Half a database, noise, a configuration that is none, an empty file and another program's database are told by name."""
    whole = database(tmp_path / "a.db", RUNS, steps=30).read_bytes()
    (tmp_path / "cut.db").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "noise.db").write_bytes(bytes(range(256)) * 64)
    (tmp_path / "empty.db").write_bytes(b"")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE cats (name TEXT)")
    wrong = database(tmp_path / "config.db", {"one": {"lr": 0.5}})
    with closing(sqlite3.connect(wrong)) as changed, changed:
        changed.execute("UPDATE configs SET config = 'x'")
    said = {
        "cut": "is no database that can be read, or is damaged",
        "noise": "is no database that can be read, or is damaged",
        "empty": "there is no log",
        "other": "there is no log",
        "config": "(one): holds what is no JSON",
    }

    for name, what in said.items():
        with pytest.raises(UsageError, match=r"db") as caught:
            imports("trackio", [tmp_path / f"{name}.db"], tmp_path / "out")
        assert what in str(caught.value), name


@pytest.mark.extras
def test_a_database_of_trackios_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What trackio itself has written comes back with its numbers and its configuration."""
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    trackio = pytest.importorskip("trackio", reason="trackio needs an older Pillow than dlbench is tested with")
    run = trackio.init(project="words", name="first", config={"lr": 0.5, "seed": 3})
    for step in range(3):
        run.log({"val_loss": 1 / (step + 1), "bleu": math.inf})
    run.finish()
    imports("trackio", [tmp_path / "trackio"], tmp_path / "out", asked("{lr}"))
    found = states(tmp_path / "out")

    assert found.keys() == {("0.5", 3)}
    assert curve(found["0.5", 3], "validation_loss") == {step: 1 / (step + 1) for step in range(3)}


def test_whatever_bytes_are_changed_a_database_is_imported_or_refused(tmp_path: Path) -> None:
    """A database with noise anywhere in it is one error, or recordings of what can still be read."""
    import random

    whole = database(tmp_path / "a.db", RUNS, steps=4).read_bytes()
    dice, damaged = random.Random(0), tmp_path / "damaged.db"
    for number in range(30):
        changed = bytearray(whole)
        for _ in range(20):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        damaged.write_bytes(bytes(changed))
        said = ""
        try:
            imports("trackio", [damaged], tmp_path / f"out{number}")
        except UsageError as error:
            said = str(error)
        assert (tmp_path / f"out{number}" / "mine").exists() == (not said)
        assert not said or "damaged.db" in said
