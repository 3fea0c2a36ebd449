"""`dlbench import` from the command line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from trackio_project import database
from typer.testing import CliRunner
from verbs import app
from wandb_runs import offline_run

from dlbench.errors import UsageError


def call(*words: str) -> tuple[str, str]:
    """What a command prints on stdout and stderr; raises what it raises."""
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Logs of two variants with two seeds each, in the current folder."""
    monkeypatch.chdir(tmp_path)
    for variant, loss in (("he", 1.0), ("plain", 2.0)):
        for seed in range(2):
            folder = tmp_path / "logs" / variant / f"seed-{seed}"
            folder.mkdir(parents=True)
            rows = "".join(f"{step},{loss + seed / 10 - step / 100}\n" for step in (10, 20))
            (folder / "metrics.csv").write_text(f"step,val_loss\n{rows}")
    return tmp_path


WORDS = ("import", "csv", "logs", "--name", "mine", "--from", "{variant}/seed-{seed}/metrics.csv")


@pytest.mark.usefixtures("logs")
def test_import_and_read() -> None:
    """What was made is listed, renamings and the next command are told, and `table` reads a recording."""
    out, err = call(*WORDS)

    lines = [line.split() for line in out.splitlines()]
    assert [line[1:4] for line in lines[1:]] == [[v, str(s), "20"] for v in ("he", "plain") for s in range(2)]
    assert "renamed: val_loss -> validation_loss" in err
    assert err.splitlines()[-1] == "next: dlbench table mine"
    told = json.loads(call("table", lines[1][0], "--json", "--columns", "validation_loss")[0])
    assert told["rows"][0]["variant"] == "he"
    assert told["rows"][0]["cells"]["validation_loss"]["mean"] == pytest.approx(0.8)


@pytest.mark.usefixtures("logs")
def test_what_was_imported_is_compared_as_one_group() -> None:
    """The table of the name has a row a variant with its seeds, and a claim has the advantage over them."""
    call(*WORDS)
    Path("q.toml").write_text(
        '[[claims]]\nsays = "He is better."\nsource = "measured"\nvariant = "he"\nbetter_than = "plain"\n'
        'metric = "validation_loss"\n'
    )
    told = json.loads(call("table", "mine", "--questions", "q.toml", "--columns", "validation_loss", "--json")[0])

    cells = {row["variant"]: row["cells"]["validation_loss"] for row in told["rows"]}
    assert {name: (cell["n"], cell["mean"]) for name, cell in cells.items()} == {
        "he": (2, pytest.approx(0.85)),
        "plain": (2, pytest.approx(1.85)),
    }
    assert [(one["says"], one["value"]) for one in told["claims"]] == [("He is better.", pytest.approx(1.0))]


@pytest.mark.usefixtures("logs")
def test_import_as_json() -> None:
    """`--json` says the same as data."""
    found = json.loads(call(*WORDS, "--json")[0])

    assert [(one["variant"], one["seed"], one["steps"]) for one in found["recordings"]] == [
        (variant, seed, 20) for variant in ("he", "plain") for seed in range(2)
    ]
    assert found["recordings"][0]["names"] == {"val_loss": "validation_loss"}
    assert found["known"] == []


@pytest.mark.usefixtures("logs")
def test_names_as_told() -> None:
    """`--rename` and `--skip` have the last word, and without seeds that is said."""
    Path("a.csv").write_text("when,val_loss,x\n5,1,2\n")
    more = ("--step", "when", "--rename", "val_loss=dev_loss", "--skip", "x", "--json")
    assert json.loads(call("import", "csv", "a.csv", "--name", "b", *more)[0])["recordings"][0]["names"] == {
        "val_loss": "dev_loss"
    }
    _, err = call("import", "csv", "a.csv", "--name", "c", "--step", "when")
    assert "compared unpaired" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "cvs", "logs", "--name", "mine"), "no format is called 'cvs'; did you mean 'csv'"),
        (("import", "csv", "logs", "--name", "../x"), "is no name"),
        (("import", "csv", "logs", "--name", ""), "is no name"),
        ((*WORDS, "--rename", "a"), "is no renaming"),
        ((*WORDS, "--rename", "vla_loss=loss"), "no log has 'vla_loss'"),
        ((*WORDS, "--rename", "val_loss=kind"), "no number can be called 'kind'"),
        ((*WORDS, "--step", "stop"), "there is no column 'stop'; did you mean 'step'"),
        ((*WORDS, "--skip", "val_loss"), "has no numbers beside its steps"),
    ],
)
@pytest.mark.usefixtures("logs")
def test_mistakes(words: tuple[str, ...], said: str) -> None:
    """A wrong word is said, and nothing is made."""
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        call(*words)
    assert not Path("results").exists() or not list(Path("results").rglob("plan.json"))


@pytest.mark.usefixtures("logs")
@pytest.mark.extras
def test_the_page_on_importing_can_be_typed() -> None:
    """Each command of docs/importing.md makes recordings of logs such as it says that there are."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    for seed in range(2):
        version = Path(f"lightning_logs/version_{seed}")
        version.mkdir(parents=True)
        (version / "metrics.csv").write_text(f"epoch,step,train_loss,val_loss\n0,9,,1.{seed}\n0,9,2,\n")
        (version / "hparams.yaml").write_text(f"lr: 0.1\nseed: {seed}\n")
        Path(f"runs/he/{seed}").mkdir(parents=True)
        with Path(f"runs/he/{seed}/events.out.tfevents.1").open("wb") as file:
            value = Summary.Value(tag="loss", simple_value=seed)
            RecordWriter(file).write(Event(step=1, summary=Summary(value=[value])).SerializeToString())
    Path("sweep.csv").write_text("lr,seed,test_loss\n0.1,0,1\n0.1,1,2\n1,0,3\n")
    Path("log.jsonl").write_text('{"step": 1, "eval": {"bleu": 30.5}}\n')
    database(Path("project.db"), {"a": {"lr": 0.5, "seed": 0}, "b": {"lr": 0.5, "seed": 1}})
    offline_run(Path(), 2)
    page = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("dlbench import ")]

    made = [json.loads(call(*shlex.split(line, comments=True)[1:], "--json")[0])["recordings"] for line in lines]
    assert [len(one) for one in made] == [2, 4, 3, 1, 2, 2, 1]
    assert made[3][0]["names"] == {"eval/bleu": "bleu"}
