"""Fields of paths, and texts with fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from imported import asked, imports, states

from dlbench.errors import UsageError
from dlbench.imports.path_fields import PathPattern, told_fields
from dlbench.imports.templates import template

PATHS = [
    ("runs/{variant}/seed-{seed}/metrics.csv", "runs/he/seed-3/metrics.csv", {"variant": "he", "seed": "3"}),
    ("{variant}/seed-{seed}/*.csv", "/data/runs/he/seed-3/metrics.csv", {"variant": "he", "seed": "3"}),
    ("{variant}_{seed}.csv", "a/lr_0.1_7.csv", {"variant": "lr", "seed": "0.1_7"}),
    ("{variant}/**/s{seed}.csv", "he/deep/down/s1.csv", {"variant": "he", "seed": "1"}),
    ("{variant}/**/s{seed}.csv", "he/s1.csv", {"variant": "he", "seed": "1"}),
    ("{variant}/seed-?.csv", "he/seed-3.csv", {"variant": "he"}),
    ("{a}/{a}.csv", "x/x.csv", {"a": "x"}),
    ("{a}/{a}.csv", "x/y.csv", None),
    ("seed-{seed}/metrics.csv", "noseed-3/metrics.csv", None),
    (r"(?P<variant>\w+)-(?P<seed>\d+)\.csv", "logs/he-12.csv", {"variant": "he", "seed": "12"}),
    ("{variant}.(1)+.csv", "he.(1)+.csv", {"variant": "he"}),
]


@pytest.mark.parametrize(("pattern", "path", "fields"), PATHS)
def test_patterns_of_paths(pattern: str, path: str, fields: dict[str, str] | None) -> None:
    """A pattern fits the end of a path from a folder's beginning on, and its fields lie within one name."""
    assert PathPattern(pattern).fields(Path(path)) == fields


@pytest.mark.parametrize("pattern", ["metrics.csv", "{a b}/x.csv", "(?P<x>[", "{}/x", ""])
def test_what_is_no_pattern(pattern: str) -> None:
    """A pattern without a field, or that none can be made of, is a mistake."""
    with pytest.raises(UsageError, match="--from"):
        PathPattern(pattern)


def test_paths_tell_fields_themselves() -> None:
    """`name=value` in the names of folders and files is a field, as launchers of sweeps write them."""
    assert told_fields(Path("runs/lr=0.1,seed=3/metrics.csv")) == {"lr": "0.1", "seed": "3"}
    assert told_fields(Path("runs/opt.lr=1e-3/seed=3.csv")) == {"opt.lr": "1e-3", "seed": "3"}


def test_templates() -> None:
    """Fields stand in the text as they are, whole numbers as such, doubled braces as braces."""
    filled = template("--variant", "lr={lr}, {{x}} {n} {a/b}").filled({"lr": 1e-5, "n": 3.0, "a/b": "c"})

    assert filled == "lr=1e-05, {x} 3 c"


@pytest.mark.parametrize("text", ["{", "}", "{}", "{a:3}", "{a!r}"])
def test_what_is_no_template(text: str) -> None:
    """Braces hold a name and nothing else."""
    with pytest.raises(UsageError, match="--seed"):
        template("--seed", text)


def test_paths_come_before_hyperparameters_and_columns(tmp_path: Path) -> None:
    """Of several fields of one name that of the pattern counts; a field that is nowhere is told with those that there are."""
    folder = tmp_path / "he" / "seed-5"
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text("seed,step,loss\n9,1,2\n")
    with pytest.raises(UsageError, match=r"no field 'sed' for --seed; did you mean 'seed'\? \(fields: .*variant"):
        imports("csv", [tmp_path], tmp_path / "out", asked(seed="{sed}", pattern="{variant}/seed-{seed}/*"))
    imports("csv", [tmp_path], tmp_path / "out", asked(pattern="{variant}/seed-{seed}/*"))

    assert states(tmp_path / "out").keys() == {("he", 5)}


def test_folders_are_searched_in_the_order_of_numbers(tmp_path: Path) -> None:
    """Below a folder every log counts that fits, `version_9` before `version_10`, each once however often it is named."""
    for number in (10, 9, 1):
        (tmp_path / f"logs/version_{number}").mkdir(parents=True)
        (tmp_path / f"logs/version_{number}/metrics.csv").write_text(f"step,loss\n1,{number}\n")
    (tmp_path / "logs/other.csv").write_text("nothing")
    options = asked(pattern="version_{seed}/metrics.csv")
    made = imports("csv", [tmp_path / "logs", tmp_path / "logs/version_9/metrics.csv"], tmp_path / "out", options)

    assert [one.seed for one in made.recordings] == [1, 9, 10]


def test_where_there_is_no_log(tmp_path: Path) -> None:
    """A path without a log, or with none that fits, is a mistake."""
    (tmp_path / "a.csv").write_text("step,loss\n1,2\n")
    for path, said in ((tmp_path / "b.csv", "no such file"), (tmp_path / "a.csv", "fits --from")):
        with pytest.raises(UsageError, match=said):
            imports("csv", [path], tmp_path / "out", asked(pattern="{x}.txt"))
    with pytest.raises(UsageError, match="there is no log"):
        imports("jsonl", [tmp_path], tmp_path / "out")
