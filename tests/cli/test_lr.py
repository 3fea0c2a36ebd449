"""`dlbench lr`: the loss over growing learning rates, from the command line."""

import json

import pytest
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import UsageError


def test_rates_as_json(bench, monkeypatch):
    """Every variant has a curve a seed over the rates that were asked for; nothing stays behind in the folder."""
    monkeypatch.chdir(bench.folder)
    before = sorted(bench.folder.rglob("*"))
    words = ["lr", "small.toml", "--seeds", "2", "--from", "0.001", "--to", "1", "--steps", "20", "--json"]
    done = CliRunner().invoke(app, [*words, "--device", "cpu"])

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    for one in found["variants"]:
        assert [curve["seed"] for curve in one["curves"]] == [0, 1]
        for curve in one["curves"]:
            assert len(curve["losses"]) == len(curve["rates"]) == 20
            assert curve["rates"][0] == pytest.approx(0.001)
            assert curve["rates"][-1] == pytest.approx(1)
            assert curve["losses"][0] > 0
    assert sorted(bench.folder.rglob("*")) == before


@pytest.mark.parametrize(("low", "high"), [("0", "1"), ("1", "0.1"), ("-1", "1"), ("nan", "1"), ("1", "inf")])
def test_a_range_that_is_none(low, high):
    """Rates that do not grow from above 0 are refused before anything starts."""
    done = CliRunner().invoke(app, ["lr", "xor", "--from", low, "--to", high])

    assert isinstance(done.exception, UsageError)
    assert "the rate grows from one above 0 to a higher one" in str(done.exception)
