"""`dlbench predict` says of a run's test data what the run itself said, and tells what is wrong with other data."""

from __future__ import annotations

import csv
import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kept_nets import module_of
from made_once import made_once
from PIL import Image
from synthetic_run import make_plan
from trained_runs import learning, trained_run
from typer.testing import CliRunner
from verbs import app

from dlbench.cli.predict import check_choice
from dlbench.errors import UsageError
from dlbench.parts.datasets import load_data
from dlbench.parts.datasets.base import stream
from dlbench.parts.datasets.splits import counts_for_test, stratified
from dlbench.run import predictions
from dlbench.run.correct import read as read_correct
from dlbench.run.folder import RunFolder
from dlbench.weights.export import exported
from dlbench.weights.kept import KeptTrial, kept_trials
from dlbench.weights.prediction import predict, probabilities
from dlbench.weights.samples import read_samples

HEADER = ["age", "size", "town", "kind", "weight", "price"]
ROWS = 120
CHANGES: dict[str, Any] = {
    "text": "one_hot",
    "ordinal": {"size": ["S", "M", "L"]},
    "missing": "median",
    "missing_indicator": True,
    "normalize": "standard",
}


def table() -> list[list[str]]:
    """Rows with numbers, gaps, words with and without an order, a class and a number to be learned."""
    draw, rows = random.Random(0), []
    for _ in range(ROWS):
        age, size, town = draw.uniform(1, 9), draw.choice("SML"), draw.choice(["Oslo", "Rome", "a, b", ""])
        kind = "dear" if age + "SML".index(size) > 6 else "cheap"
        weight = "" if draw.random() < 0.2 else f"{draw.gauss(1e6, 3):.3f}"
        rows.append([f"{age:.3f}", size, town, kind, weight, f"{10 * age + 3:.2f}"])
    return rows


def written(path: Path, rows: list[list[str]], header: list[str] | None = HEADER) -> Path:
    """A table on disk."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([*([header] if header else []), *rows])
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the table, and runs that learned from it."""

    def make(folder: Path) -> None:
        file = written(folder / "goods.csv", table())
        classes = learning("csv", path=str(file), label="kind", ignore=["price"], **CHANGES)
        numbers = learning("csv", path=str(file), target="price", ignore=["kind"], **CHANGES)
        trained_run(folder / "classes", {"a": classes}, [0, 1])
        trained_run(folder / "numbers", {"a": numbers})
        trained_run(folder / "digits", {"a": learning("digits", normalize="center"), "b": learning("digits")})
        dropping = learning("digits")
        dropping["model"]["layers"].append({"kind": "dropout", "keep": 0.7, "rate": None, "at_test": True})
        trained_run(folder / "dropping", {"b": dropping}, [5])
        lost = learning("xor") | {"train": {**learning("xor")["train"], "optimizer": {"kind": "sgd", "lr": 1e30}}}
        lost["model"]["layers"][0]["activation"] = {"kind": "relu"}
        trained_run(folder / "lost", {"calm": learning("xor"), "wild": lost})

    return made_once(tmp_path_factory, "predicted-runs", make)


def run_in(base: Path, name: str) -> RunFolder:
    """The one run of a folder."""
    (path,) = (base / name).glob("case/*")
    return RunFolder(path)


def kept_in(base: Path, name: str, **asked: Any) -> list[KeptTrial]:
    """Its trials with their weights."""
    folder = run_in(base, name)
    return kept_trials(folder, folder.read_plan(), **asked)[0]


def own_predictions(one: KeptTrial) -> np.ndarray:
    """What the run has kept of the trial's outputs for the test data."""
    plan, folder = one.folder.read_plan(), one.folder
    for index, stack in enumerate(plan.stacks):
        ids = [plan.trials[trial].id for trial in stack.trials]
        if one.trial.id in ids:
            return predictions.read(folder.predictions_file(index), ids).logits[ids.index(one.trial.id)]
    raise AssertionError


def test_rows(one: KeptTrial) -> list[list[str]]:
    """The rows of the table that the run was tested on, in its order."""
    rows = table()
    names = sorted({row[3] for row in rows})
    y = np.array([names.index(row[3]) for row in rows])
    if one.task.source.targets:
        return [rows[at] for at in stream(0, "csv").permutation(ROWS)[: int(ROWS * 0.2 + 0.5)]]
    _, test = stratified(y, counts_for_test(np.bincount(y).tolist(), 0.2), stream(0, "csv"))
    return [rows[at] for at in test]


test_rows.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("order", [HEADER, HEADER[::-1], ["spare", *HEADER[1:], "age"]], ids=["same", "turned", "more"])
def test_classes_of_the_test_rows_are_the_runs_own(base, tmp_path, order):
    """Of the test rows, their columns in any order, the probabilities are those of the kept logits to the last bit."""
    for one in kept_in(base, "classes"):
        rows = [[dict(zip(HEADER, row, strict=True)).get(name, "?") for name in order] for row in test_rows(one)]
        found = predict([one], read_samples(written(tmp_path / "new.csv", rows, order), one))

        assert (found.numbers == probabilities(own_predictions(one), one.task)).all()
        assert list(found.columns) == ["p(cheap)", "p(dear)"]


def test_answers_are_the_bits_that_the_run_kept(base, tmp_path):
    """Right and wrong of each test row are those of the run's own file of right answers."""
    (one, *_) = kept_in(base, "classes")
    samples = read_samples(written(tmp_path / "new.csv", test_rows(one)), one)
    found, plan = predict([one], samples), one.folder.read_plan()
    ids = [plan.trials[trial].id for trial in plan.stacks[0].trials]
    right = read_correct(one.folder.correct_file(0), ids).right[ids.index(one.trial.id)]

    assert ((found.predicted == samples.labels) == right).all()


def test_numbers_of_the_test_rows_are_the_runs_own(base, tmp_path):
    """Numbers come in their own units, as the run kept them."""
    (one,) = kept_in(base, "numbers")
    samples = read_samples(written(tmp_path / "new.csv", test_rows(one)), one)
    found = predict([one], samples)

    assert (found.numbers == own_predictions(one)).all()
    assert samples.targets is not None
    assert samples.targets[:, 0].tolist() == [float(row[5]) for row in test_rows(one)]


def test_without_the_answer_the_same_is_said(base, tmp_path):
    """A table without the column that is learned gets the same answers, and none is judged."""
    (one, *_) = kept_in(base, "classes")
    rows = [row[:3] + row[4:5] for row in test_rows(one)]
    samples = read_samples(written(tmp_path / "new.csv", rows, HEADER[:3] + HEADER[4:5]), one)

    assert (predict([one], samples).numbers == probabilities(own_predictions(one), one.task)).all()
    assert samples.labels is None


@pytest.mark.parametrize(("name", "variant"), [("digits", "a"), ("digits", "b"), ("dropping", "b")])
def test_images_of_an_archive_are_the_runs_own(base, tmp_path, name, variant):
    """Arrays are prepared as the training's were, each variant's by its own mean; what is dropped at test is the same."""
    (one,) = kept_in(base, name, variant=variant)
    arrays = load_data({"kind": "digits"})
    np.savez(tmp_path / "new.npz", x=arrays.x_test, y=arrays.y_test)
    samples = read_samples(tmp_path / "new.npz", one)

    assert (predict([one], samples).numbers == probabilities(own_predictions(one), one.task)).all()
    assert samples.labels is not None
    assert (samples.labels == arrays.y_test).all()


def test_the_exported_code_is_right_about_the_same_samples(base, tmp_path):
    """The plain torch net of a trained trial, asked of the test images as they are, is right where the run's kept bits say so."""
    (one,) = kept_in(base, "digits", variant="a")
    ((code, text), (weights, content)) = exported([one], tmp_path)
    for path, data in ((code, text), (weights, content)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    arrays = load_data({"kind": "digits"})
    said = module_of(text.decode()).load(str(weights)).predict(torch.from_numpy(arrays.x_test))
    right = read_correct(one.folder.correct_file(0), [one.trial.id]).right[0]

    assert ((said.argmax(dim=1).numpy() == arrays.y_test) == right).all()
    assert 0 < right.mean() < 1


def test_pictures_in_folders_say_their_class(base, tmp_path):
    """A folder of pictures is read as large as the net's images; folders called like classes are labels."""
    (one,) = kept_in(base, "digits", variant="b")
    for label, shade in (("3", 80), ("7", 255), ("none", 0)):
        (tmp_path / label).mkdir()
        Image.new("L", (8, 8), shade).save(tmp_path / label / "one.png")
    samples = read_samples(tmp_path, one)

    assert samples.labels is not None
    assert (samples.labels.tolist(), list(samples.names)) == ([3, 7, -1], ["3/one.png", "7/one.png", "none/one.png"])
    assert samples.x[:, 0, 0, 0] == pytest.approx(np.array([80, 255, 0]) / 255, rel=1e-6)


def test_seeds_together_are_the_mean_of_their_probabilities(base, tmp_path):
    """With all seeds the probabilities are the mean of what each says alone."""
    both = kept_in(base, "classes")
    samples = read_samples(written(tmp_path / "new.csv", test_rows(both[0])), both[0])
    alone = [predict([one], samples).numbers for one in both]

    assert predict(both, samples).numbers == pytest.approx((alone[0] + alone[1]) / 2, rel=1e-12)


def changed(row: int, column: str, value: str) -> list[list[str]]:
    """The table with another cell."""
    rows = table()
    rows[row][HEADER.index(column)] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        (changed(4, "age", "old"), HEADER, ":6: column 'age': 'old' is no number"),
        (changed(4, "age", "1e60"), HEADER, ":6: column 'age': a number beyond float32"),
        (
            changed(2, "size", "XL"),
            HEADER,
            ":4: column 'size': 'XL' is none of the values of the training, 'S', 'M', 'L'",
        ),
        (
            changed(0, "town", "Bonn"),
            HEADER,
            ":2: column 'town': 'Bonn' is none of the values of the training, 'Oslo', ",
        ),
        (
            table(),
            ["years", *HEADER[1:]],
            ":1: no column 'age', which the net was trained with; its columns are years, ",
        ),
        ([], HEADER, ": no rows below its header"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(base, tmp_path, rows, header, says):
    """A cell that cannot be read, a value that training never saw and a column that is missing are one clear error each."""
    (one, *_) = kept_in(base, "classes")
    file = written(tmp_path / "new.csv", rows, header)

    with pytest.raises(UsageError, match=re.escape(str(file)) + ".*" + re.escape(says)):
        read_samples(file, one)


@pytest.mark.parametrize(
    ("name", "write", "says"),
    [
        ("digits", lambda path: np.savez(path, x=np.zeros((3, 1, 8, 9))), "samples of (1, 8, 9), but the net takes (1, 8, 8)"),
        ("digits", lambda path: np.savez(path, z=np.zeros((3, 1, 8, 8))), "no array 'x' or 'x_test'; it has z"),
        ("digits", lambda path: np.savez(path, x=np.full((3, 1, 8, 8), np.inf)), "numbers must be finite"),
        ("digits", lambda path: np.savez(path, x=np.zeros((3, 1, 8, 8)), y=[1, 2]), "3 samples, but 2 labels"),
        ("digits", lambda path: np.savez(path, x=np.zeros((1, 1, 8, 8)), y=1), "what is true has the shape ()"),
        ("digits", lambda path: np.savez(path, x=np.zeros((3, 1, 8, 8)), y=np.eye(3)), "what is true has the shape (3, 3)"),
        ("digits", lambda path: path.with_suffix(".csv").write_text("1,2\n"), "no rows of a table"),
        ("classes", lambda path: path.mkdir(), "no pictures"),
        ("classes", lambda path: None, "no file or folder is there"),
    ],
)  # fmt: skip
def test_other_data_is_refused(base, tmp_path, name, write, says):
    """Arrays of another shape, tables for images, pictures for rows and nothing at all are told."""
    one = kept_in(base, name)[0]
    write(tmp_path / "new.npz")
    path = next(iter(tmp_path.iterdir()), tmp_path / "new.npz")

    with pytest.raises(UsageError, match=re.escape(says)):
        read_samples(path, one)


@pytest.mark.parametrize("kind", ["int8", "float32", "bool", "U1"])
def test_true_classes_count_however_they_are_stored(kind, base, tmp_path):
    """Whole numbers, floats, truth values and text in `y` name the same classes; NaN is none."""
    one = kept_in(base, "digits")[0]
    np.savez(tmp_path / "new.npz", x=np.zeros((3, 1, 8, 8)), y=np.array([0, 1, 1]).astype(kind))
    np.savez(tmp_path / "gap.npz", x=np.zeros((2, 1, 8, 8)), y=[np.nan, 1.0])

    assert read_samples(tmp_path / "new.npz", one).labels.tolist() == [0, 1, 1]
    assert read_samples(tmp_path / "gap.npz", one).labels.tolist() == [-1, 1]


def call(*words: str | Path) -> Any:
    """The verb, in this process."""
    return CliRunner().invoke(app, list(map(str, words)))


def test_the_verb_writes_a_table_and_says_who_was_asked(base, tmp_path):
    """CSV goes to stdout or a file: a row a sample with class and probabilities; net and accuracy go to stderr."""
    one = kept_in(base, "classes", seed=1)[0]
    file = written(tmp_path / "new.csv", test_rows(one))
    done = call("predict", one.folder.path, file, "--seed", "1", "-o", tmp_path / "said.csv")
    rows = list(csv.DictReader((tmp_path / "said.csv").read_text().splitlines()))
    own = probabilities(own_predictions(one), one.task)

    assert done.exit_code == 0, done.output
    assert [float(row["p(dear)"]) for row in rows] == pytest.approx(own[:, 1], rel=1e-6)
    assert [row["predicted"] for row in rows] == [("cheap", "dear")[number] for number in own.argmax(axis=1)]
    assert [row["sample"] for row in rows] == list(map(str, range(len(rows))))
    assert ("said by a, seed 1" in done.stderr, "accuracy" in done.stderr) == (True, True)


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("digits", [], "there are 2 nets to ask; name one with --variant: 'a', 'b'"),
        ("classes", [], "trained with the seeds 0, 1; name one with --seed, or ask them all with --all-seeds"),
        ("classes", ["--seed", "0", "--all-seeds"], "give one of the two"),
        ("classes", ["--seed", "7"], "no trial has the seed 7; there are 0, 1"),
        ("classes", ["--variant", "aa", "--all-seeds"], "no variant is called 'aa'; did you mean 'a'?"),
        ("lost", ["--variant", "wild"], "wild, seed 0: no weights, it diverged or was dropped"),
    ],
)
def test_it_must_be_clear_which_net_is_asked(base, tmp_path, name, words, says):
    """Several variants or seeds, names that are none, and trials without weights are told, with exit code 2."""
    file = written(tmp_path / "new.csv", table())
    done = call("predict", run_in(base, name).path, file, *words)

    assert isinstance(done.exception, UsageError)
    assert says in str(done.exception)


def test_who_has_to_choose_twice_is_told_at_once():
    """Where variants have several seeds, one error names both options; no second one follows the first."""
    with pytest.raises(
        UsageError, match="name one with --variant: 'a', 'b'; of its seeds name one with --seed, or ask"
    ):
        check_choice(make_plan(["a", "b"], seeds=2), None, None, all_seeds=False)
    with pytest.raises(UsageError, match=r"name one with --variant: 'a', 'b'$"):
        check_choice(make_plan(["a", "b"], seeds=2), None, 1, all_seeds=False)


@pytest.mark.parametrize(
    ("command", "again"),
    [
        (
            ["/bin/dlbench", "run", "my recipe.toml", "--seeds", "3"],
            "dlbench run 'my recipe.toml' --seeds 3 --save-weights",
        ),
        (["/bin/pytest", "recipes"], "dlbench run case --save-weights"),
        ("run", "dlbench run case --save-weights"),
        (None, "dlbench run case --save-weights"),
    ],
)
def test_a_run_without_weights_says_what_to_do(base, tmp_path, command, again):
    """Where none were kept, both verbs name the command that made the run with the option that keeps them."""
    folder = run_in(base, "classes")
    plan = folder.read_plan()
    for candidate in plan.candidates:
        del candidate.settings["evaluate"]["weights"]
    other = RunFolder(tmp_path / "case" / "1")
    other.path.mkdir(parents=True)
    other.write_plan(plan)
    if command is not None:
        other.env_file.write_text(json.dumps({"command": command}))

    for words in (["predict", other.path, "new.csv"], ["export", other.path, "--format", "safetensors", "-o", "nets"]):
        done = call(*words)
        assert isinstance(done.exception, UsageError)
        assert f"train again with `{again}`" in str(done.exception)
