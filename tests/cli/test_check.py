"""`dlbench check` of several recipes, and what the command line changes in them."""

import pytest
from small_recipe import RECIPE
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import DataError, RecipeError

NET = '[model]\nlayers = [{ kind = "dense", units = 2 }]\n[train]\nsteps = 1\n'
OVERRIDDEN = f'[data]\nkind = "xor"\n{NET}[variants.a]\nmodel.activation = "relu"\n'


def called(*arguments):
    """The result of a verb."""
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def three(tmp_path):
    """A recipe that is fine, one whose data has a mistake, one that is wrong; and one that is not there."""
    (tmp_path / "fine.toml").write_text(RECIPE)
    (tmp_path / "bad.csv").write_text("1,2,a\n3,b\n")
    (tmp_path / "data.toml").write_text(f'[data]\nkind = "csv"\npath = "bad.csv"\n{NET}')
    (tmp_path / "wrong.toml").write_text(f'[data]\nkind = "xro"\n{NET}')
    return [tmp_path / f"{name}.toml" for name in ("data", "fine", "wrong", "nowhere")]


def test_every_recipe_gets_an_answer(three):
    """Problems of data, of the recipe and of the file are told side by side, each with its place, whatever their order."""
    for files in (three, three[::-1]):
        result = called("check", *files)

        told = str(result.exception)
        assert f"{three[1]}: fine (2 variants, 2 seeds, 4 trials)\n" in result.stdout
        assert isinstance(result.exception, RecipeError)
        assert f"{three[0]}:3: data.path: " in told
        assert f"{three[2]}:2: data.kind: no dataset is called 'xro'" in told
        assert f"{three[3]}: there is no such file" in told


def test_data_alone_is_the_machines_fault(three):
    """Where nothing but data is missing the error is one of the machine, with file and line."""
    result = called("check", three[0], three[0])

    assert isinstance(result.exception, DataError)
    assert str(result.exception).count(f"{three[0]}:3: data.path: ") == 2


def test_check_takes_changes(three):
    """`check` takes the changes that `run` takes."""
    result = called("check", three[1], "--seeds", "3", "--set", "variants.third={}")

    assert result.stdout.splitlines()[0] == f"{three[1]}: fine (3 variants, 3 seeds, 9 trials)"
    with pytest.raises(RecipeError, match=r"--set train\.lr=1: .*did you mean train\.optimizer\.lr"):
        raise called("check", three[1], "--set", "train.lr=1").exception


@pytest.mark.parametrize("verb", [["check"], ["show"], ["show", "--json"], ["run", "--dry-run"]], ids=" ".join)
def test_a_change_that_no_trial_sees(tmp_path, verb):
    """Every verb that takes a change says on stderr that no trial sees it, and why."""
    file = tmp_path / "over.toml"
    file.write_text(OVERRIDDEN)

    result = called(*verb, file, "--set", "model.activation=sigmoid")

    assert result.exit_code == 0
    assert result.stderr == (
        "note: over: --set model.activation=sigmoid: no trial sees it, nothing has changed: "
        "variant 'a' sets its own (variants.a.model.activation)\n"
    )


def test_data_that_has_to_be_fetched(tmp_path, monkeypatch):
    """A recipe is fine whose data is still to be fetched, and it is said where it was looked for, once for all recipes."""
    monkeypatch.setenv("DLBENCH_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = tmp_path / "r.toml"
    file.write_text(f'[data]\nkind = "mnist"\n{NET}'.replace("[{ kind", '["flatten", { kind'))

    result, twice = called("check", file), called("check", file, file)

    assert (result.exit_code, result.stdout.partition(": ")[2][:5]) == (0, "fine ")
    assert result.stderr.startswith(f"note: {file}: ")
    assert str(tmp_path) in result.stderr
    assert twice.stderr == result.stderr.replace(f"{file}:", f"{file} + 1 more:", 1)


def test_data_that_only_reading_finds_wrong(tmp_path):
    """A mistake inside of a file of data is told with the recipe's file and the line that names the data."""
    (tmp_path / "broken.npz").write_bytes(b"PK no archive")
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'[data]\nkind = "npz"\npath = "broken.npz"\n{NET}')

    told = str(called("check", tmp_path / "one.toml", tmp_path / "two.toml").exception)

    assert [told.count(f"{tmp_path}/{name}.toml:3: data.path: ") for name in ("one", "two")] == [1, 1]


def test_claims_that_no_sequence_decides_are_told():
    """Claims on ensembles that are estimated are named, since `run --until-decided` leaves them undecided; others are not."""
    told = called("check", "ensemble", "--quick").stderr
    assert "claims[0]: this claim is not decided sequentially" in told
    assert "not decided sequentially" not in called("check", "xor", "--quick").stderr
