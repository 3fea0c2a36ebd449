"""CSV logs become recordings with the same numbers, and damaged ones an error with its place."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
from pathlib import Path

import pytest
from imported import asked, curve, imports, states

from dlbench.errors import UsageError
from dlbench.imports.series import MOST
from dlbench.metrics.trial_view import Status

LIGHTNING = """epoch,lr-SGD,step,train_loss_epoch,train_loss_step,val_acc,val_loss
,0.1,9,,,,
0,,49,,1.25,,
0,,49,,,0.5,1.5
0,,49,1.125,,,
,0.01,59,,,,
1,,99,,0.75,,
1,,99,,,0.875,1.0
1,,99,0.875,,,
"""
"""As Lightning's CSVLogger writes it: a row each for training, validation and learning rate."""


def log(folder: Path, text: str | bytes, name: str = "metrics.csv") -> Path:
    """A file with this content."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def told(path: Path, column: str) -> dict[int, float]:
    """A column by its step, read with the standard library; of a step that is there twice the last."""
    with path.open(newline="") as file:
        return {int(row["step"]): float(row[column]) for row in csv.DictReader(file) if row[column]}


def refusal(path: Path, tmp_path: Path, **options: object) -> str:
    """What is said where a log cannot be imported; nothing is left of it then."""
    with pytest.raises(UsageError) as caught:
        imports("csv", [path], tmp_path / "out", asked(**options))
    assert not (tmp_path / "out" / "mine").exists()
    return str(caught.value)


def test_lightnings_rows_are_one_record_a_step(tmp_path: Path) -> None:
    """Every column of Lightning's sparse rows is a series with the file's numbers at the file's steps, and no others."""
    path = log(tmp_path / "version_0", LIGHTNING)
    imports("csv", [path], tmp_path / "out")
    (state,) = states(tmp_path / "out").values()

    names = {"train_loss_epoch": "train_loss", "val_acc": "validation_accuracy", "val_loss": "validation_loss"}
    for column in ("train_loss_step", "lr-SGD", "val_acc", "val_loss", "train_loss_epoch", "epoch"):
        assert curve(state, names.get(column, column)) == told(path, column)
    assert state.stacks[0].metrics.steps == [9, 49, 59, 99]
    assert (state.trials[0].status, state.stacks[0].step) == (Status.OK, 99)


def test_hyperparameters_beside_the_log_name_the_trial(tmp_path: Path) -> None:
    """Fields of `hparams.yaml`, nested ones too, fill the variant and the seed, and are the settings; the seed is none."""
    pytest.importorskip("yaml")
    for seed in (3, 4):
        folder = tmp_path / f"version_{seed}"
        path = log(folder, LIGHTNING + f"1,,109,,{seed},,\n")
        log(folder, f"lr: 0.1\nseed: {seed}\nmodel:\n  width: 32\nact: !!python/name:torch.relu ''\n", "hparams.yaml")
        assert path.is_file()
    imports("csv", [tmp_path], tmp_path / "out", asked("lr {lr}, {model/width} wide"))
    found = states(tmp_path / "out")

    assert found.keys() == {("lr 0.1, 32 wide", 3), ("lr 0.1, 32 wide", 4)}
    assert [one.plan.candidates[0].settings for one in found.values()] == [{"lr": 0.1, "model/width": 32}] * 2


def test_columns_tell_trials_of_one_file_apart(tmp_path: Path) -> None:
    """One table of all trials becomes a recording for each value of the columns that name variant and seed."""
    rows = [(lr, seed, step, lr * seed + step) for step in (1, 2) for lr in (0.1, 1.0) for seed in (0, 1)]
    path = log(tmp_path, "lr,seed,step,test_loss\n" + "".join(f"{a},{b},{c},{d}\n" for a, b, c, d in rows))
    imports("csv", [path], tmp_path / "out", asked("lr={lr}", "{seed}"))
    found = states(tmp_path / "out")

    assert found.keys() == {("lr=0.1", 0), ("lr=0.1", 1), ("lr=1.0", 0), ("lr=1.0", 1)}
    for (variant, seed), state in found.items():
        lr = float(variant.removeprefix("lr="))
        assert curve(state, "test_loss") == {step: lr * seed + step for step in (1, 2)}


def test_what_came_later_counts(tmp_path: Path) -> None:
    """Where steps go back, values at later steps of before are void, in each column from its own first step on; it is said."""
    path = log(tmp_path, "step,a,b\n1,1,1\n2,2,\n3,3,3\n2,20,\n4,40,4\n4,41,\n")
    (one,) = imports("csv", [path], tmp_path / "out").recordings
    (state,) = states(tmp_path / "out").values()

    assert curve(state, "a") == {1: 1, 2: 20, 4: 41}
    assert curve(state, "b") == {1: 1, 3: 3, 4: 4}
    assert any("steps go back once" in text for text in one.remarks)
    assert any("same step" in text for text in one.remarks)
    assert any("steps go back once" in text for _, text in state.notes)


def test_steps_may_be_epochs_or_rows(tmp_path: Path) -> None:
    """A log with epochs only has them as steps, one with neither its rows from 1 on; both are said."""
    epochs = imports("csv", [log(tmp_path, "epoch,loss,val_loss\n0,3,4\n1,2,3\n", "a.csv")], tmp_path / "out")
    rows = imports("csv", [log(tmp_path, "loss\n5\n4\n", "b.csv")], tmp_path / "out", asked("rows"))
    found = states(tmp_path / "out")

    assert curve(found["mine", -1], "train_loss") == {0: 3, 1: 2}
    assert curve(found["rows", -1], "loss") == {1: 5, 2: 4}
    assert "'epoch' is taken as the step" in epochs.recordings[0].remarks[0]
    assert "rows are counted" in rows.recordings[0].remarks[0]


def test_nan_at_the_end_is_a_divergence(tmp_path: Path) -> None:
    """A training loss that ends as no number has diverged at the first such step; an empty cell at the end has not."""
    imports("csv", [log(tmp_path, "step,train_loss\n1,1\n2,nan\n3,2\n4,inf\n5,nan\n", "a.csv")], tmp_path / "out")
    imports("csv", [log(tmp_path, "step,train_loss,x\n1,1,1\n2,,1\n", "b.csv")], tmp_path / "out", asked("sound"))
    found = states(tmp_path / "out")

    assert found["mine", -1].trials[0].status is Status.DIVERGED
    assert (mark := found["mine", -1].stacks[0].divergence(0)) is not None
    assert (mark.step, mark.last_loss) == (4, 2)
    assert found["sound", -1].trials[0].status is Status.OK


def test_names_are_ours_only_where_numbers_can_be(tmp_path: Path) -> None:
    """An accuracy in percent keeps its name, and under our own name is refused with the way out, which works."""
    imports("csv", [log(tmp_path, "step,val_acc,test/loss\n1,93.5,2\n", "a.csv")], tmp_path / "out")
    (state,) = states(tmp_path / "out").values()
    assert sorted(state.stacks[0].metrics.fields) == ["test_loss", "val_acc"]

    ours = log(tmp_path, "step,test_accuracy\n1,93.5\n", "b.csv")
    with pytest.raises(UsageError, match=r"b\.csv: 'test_accuracy' goes from 93\.5 to 93\.5.*--rename"):
        imports("csv", [ours], tmp_path / "out")
    imports("csv", [ours], tmp_path / "out", asked("b", renamed={"test_accuracy": "test_percent"}))
    assert curve(states(tmp_path / "out")["b", -1], "test_percent") == {1: 93.5}


def test_events_keep_their_own_fields(tmp_path: Path) -> None:
    """A column called as a field of events is a number like others, under a name of its own."""
    imports("csv", [log(tmp_path, "step,time,kind,self,seq\n1,0.5,2,3,4\n")], tmp_path / "out")
    (state,) = states(tmp_path / "out").values()

    assert {name: curve(state, f"logged_{name}")[1] for name in ("time", "kind", "self", "seq")} == {
        "time": 0.5, "kind": 2, "self": 3, "seq": 4,
    }  # fmt: skip


def test_a_long_log_takes_bounded_room(tmp_path: Path) -> None:
    """Of a hundred thousand rows a bounded number of evenly spaced ones is kept, the first and the last with them; it is said."""
    path = log(tmp_path, "step,loss\n" + "".join(f"{step},{step / 2}\n" for step in range(100_000)))
    (one,) = imports("csv", [path], tmp_path / "out").recordings
    kept = curve(next(iter(states(tmp_path / "out").values())), "loss")

    assert MOST <= len(kept) <= 2 * MOST + 1
    assert kept[0] == 0
    assert kept[99_999] == 99_999 / 2
    assert all(value == step / 2 for step, value in kept.items())
    gaps = {after - before for before, after in zip(list(kept)[:-2], list(kept)[1:-1], strict=True)}
    assert len(gaps) == 1
    assert any("is kept" in text for text in one.remarks)


def test_what_a_killed_writer_left_counts(tmp_path: Path) -> None:
    """A last line without its end is left out and told; a heading in the middle is that of a run that went on."""
    path = log(tmp_path, "step,loss\n1,5\nstep,loss\n2,4\n3")
    (one,) = imports("csv", [path], tmp_path / "out").recordings

    assert curve(next(iter(states(tmp_path / "out").values())), "loss") == {1: 5, 2: 4}
    assert any("last line, 5, is torn" in text for text in one.remarks)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n", ":1: has no heading"),
        (b"step,loss,loss\n1,2,3\n", ":1: has more than one column 'loss'"),
        (b"step,loss\n1,2\n2,3,4\n3,4\n", ":3: has 3 cells, and the heading 2"),
        (b"step,loss\n1,2\n2,oops\n", ":3: 'oops' in 'loss' is no number"),
        (b"step,loss\n1,2\nx,3\n", ":3: the step 'x' is no whole number"),
        (b"step,loss\n1.5,3\n", ":2: the step '1.5' is no whole number"),
        (b"step,loss\n-1,3\n", ":2: the step '-1' is no whole number"),
        (b"step,loss\nnan,3\n", ":2: the step 'nan' is no whole number"),
        (b"step,loss\n1e300,3\n", ":2: the step '1e300' is no whole number"),
        (b"step,loss\n,3\n", ":2: has no 'step'"),
        (b"step,loss\n1,\xff\xfe\n", ":2: byte 3 of the line is no UTF-8"),
        (b"step,loss\n1,2\n\0\0\0\n", ":3: the line has a null byte"),
        (b"step,loss\n" + b"1" * 2_000_000 + b",2\n", ":2: the line is longer than"),
        (b'step,loss\n1,"2\n' + b"3,4\n" * 100_000, "cannot be read as CSV"),
        (b"st\rep,loss\n1,2\n", ":1: cannot be read as CSV"),
        (b"step," + b"a" * 300 + b"\n1,2\n", "is too long for a name"),
        (b"step,variant,loss\n1," + b"a" * 300 + b",2\n", "is too long for a variant"),
        (b"step,run\n1,a\n", "has no numbers beside its steps"),
        (b"step,loss\n", "has no numbers beside its steps"),
        (b"step,seed,loss\n1,a,2\n", ":2: the seed 'a' is no whole number"),
        (b"step," + b",".join(b"m%d" % i for i in range(1001)) + b"\n" + b"1" + b",1" * 1001 + b"\n", ":2: has more than 1,000 names"),
    ],
)  # fmt: skip
def test_damage_has_its_place(content: bytes, said: str, tmp_path: Path) -> None:
    """What is wrong with a file is said with its line in one line, and nothing is made."""
    found = refusal(log(tmp_path, content), tmp_path)

    assert f"metrics.csv{said}" in found or f"metrics.csv: {said}" in found or said in found
    assert len(found.splitlines()) == 1
    assert len(found) < 1_000


def test_all_or_nothing(tmp_path: Path) -> None:
    """Of many logs every damaged one is told, and where there is one none is imported."""
    paths = [log(tmp_path, "step,loss\n1,2\n", "good.csv")]
    paths += [log(tmp_path, f"step,loss\n{bad},2\n", f"{bad}.csv") for bad in "xy"]
    with pytest.raises(UsageError) as caught:
        imports("csv", paths, tmp_path / "out")

    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == [
        f"{tmp_path}/{bad}.csv:2" for bad in "xy"
    ]
    assert not (tmp_path / "out/mine").exists()


def test_twice_is_refused_but_by_force(tmp_path: Path) -> None:
    """The same content is imported once, wherever it lies; new logs beside it are, and all with force. Its checksum is kept."""
    one = log(tmp_path / "a", "step,loss\n1,2\n")
    made = imports("csv", [one], tmp_path / "out").recordings[0].run
    copy = log(tmp_path / "b", "step,loss\n1,2\n")
    for path in (one, copy):
        with pytest.raises(UsageError, match=f"was imported before, as {made}\n--force"):
            imports("csv", [path], tmp_path / "out")
    mixed = imports("csv", [copy, log(tmp_path / "c", "step,loss\n1,3\n")], tmp_path / "out")
    assert (len(mixed.recordings), mixed.known) == (1, [(str(copy), made)])
    assert len(imports("csv", [one], tmp_path / "out", force=True).recordings) == 1

    from hashlib import sha256

    kept = json.loads((tmp_path / "out" / made / "env.json").read_text())["imported"]
    assert kept["files"] == [{"path": str(one), "sha256": sha256(one.read_bytes()).hexdigest()}]


def test_names_of_files_may_be_anything(tmp_path: Path) -> None:
    """A file whose name is no text is imported, and its name is kept as escapes."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/lr=\xff/metrics.csv"))
    (one,) = imports("csv", [log(path.parent, "step,loss\n1,2\n")], tmp_path / "out").recordings

    assert one.source.endswith("lr=\\udcff/metrics.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [1", r"hparams\.yaml:1: is no YAML"),
        ("- 1", r"hparams\.yaml: is no table"),
        ("\x00", r"hparams\.yaml"),
        ("a: &a {" + ", ".join(f"k{i}: 1" for i in range(40)) + "}\n" + "".join(f"b{i}: *a\n" for i in range(40)), "more than 1,000 values"),
    ],
)  # fmt: skip
def test_damaged_hyperparameters(content: str, said: str, tmp_path: Path) -> None:
    """What is no YAML, no table, or grows without end is said of its file."""
    pytest.importorskip("yaml")
    path = log(tmp_path, "step,loss\n1,2\n")
    log(tmp_path, content, "hparams.yaml")
    with pytest.raises(UsageError, match=said):
        imports("csv", [path], tmp_path / "out")


def test_hyperparameters_that_json_does_not_have(tmp_path: Path) -> None:
    """Halves of characters, numbers of any size and dates in `hparams.yaml` keep no log from being imported."""
    pytest.importorskip("yaml")
    path = log(tmp_path, "step,loss\n1,2\n")
    log(tmp_path, f'half: "\\ud800"\nbig: 1{"0" * 40}\nnothing: .nan\nday: 2020-01-01\n', "hparams.yaml")
    imports("csv", [path], tmp_path / "out")
    (state,) = states(tmp_path / "out").values()

    assert state.plan.candidates[0].settings == {"half": "\\ud800", "big": hex(10**40), "nothing": None}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_whatever_a_file_holds_is_imported_or_refused(form: str, tmp_path: Path) -> None:
    """Files changed at random become recordings that can be read, or one error; never anything else."""
    whole = {
        "csv": b"epoch,step,seed,loss,val_acc\n0,1,3,1.5,\n,2,3,1.4,0.5\n1,3,3,nan,0.7\n",
        "jsonl": b'{"lr":0.1,"seed":3}\n{"step":1,"train":{"loss":0.5}}\n{"step":2,"train":{"loss":NaN},"x":"a"}\n',
    }[form]
    pieces = [
        b'"',
        b",",
        b"\n",
        b"{",
        b"}",
        b"\0",
        b"\xff",
        b"1e999",
        b"-1",
        b'"\\ud800"',
        b"nan",
        b"\r",
        b":",
        b"true",
        b"",
    ]
    chance, read = random.Random(0), 0
    for number in range(60):
        place = chance.randrange(len(whole))
        content = whole[:place] + chance.choice(pieces) + whole[place + chance.randrange(3) :]
        path = log(tmp_path / str(number), content, f"log.{form}")
        with contextlib.suppress(UsageError):
            imports(form, [path], tmp_path / str(number))
        read += len(states(tmp_path / str(number)))
    assert read > 5


def test_a_folder_that_takes_nothing_is_no_fault_of_the_log(tmp_path: Path) -> None:
    """Where results cannot be written the system's own error says which folder; a log that cannot be read is a mistake."""
    path = log(tmp_path, "step,loss\n1,2\n")
    with pytest.raises(NotADirectoryError) as caught:
        imports("csv", [path], path)
    assert str(caught.value.filename).startswith(str(path))
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UsageError, match=r"pipe\.csv: cannot be read: is not a regular file"):
        imports("csv", [tmp_path / "pipe.csv"], tmp_path / "out")
