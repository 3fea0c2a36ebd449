"""`dlbench serve` as it is typed."""

import sys
from datetime import UTC, datetime
from types import ModuleType

import pytest
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import MissingLibraryError
from dlbench.plan import Plan, Stack, WorkerPlan
from dlbench.run.folder import create
from dlbench.serve.server import check_libraries
from dlbench.tui.key_table import KeyTable


@pytest.mark.parametrize("library", ["aiohttp", "textual_serve"])
def test_a_missing_library_is_told_with_its_remedy(library, monkeypatch):
    """Without the extra there is one line, with what to install."""
    for other in ("aiohttp", "textual_serve"):
        monkeypatch.setitem(sys.modules, other, ModuleType(other))
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError, match=rf'{library}.*pip install "dlbench\[serve\]"'):
        check_libraries()


def test_nothing_to_serve_is_told(tmp_path):
    """Without a run there is nothing to serve, as there is nothing to watch."""
    found = CliRunner().invoke(app, ["serve", "--out", str(tmp_path)])
    assert "no runs" in str(found.exception)


@pytest.mark.parametrize("named", [True, False])
def test_keys_of_a_file_that_is_named_go_to_every_browser(tmp_path, monkeypatch, named):
    """By `--keys` or `DLBENCH_KEYS`; without one the keys are the usual ones, whatever whoever serves has at home."""
    file, made = tmp_path / "keys.toml", []
    file.write_text('next_trial = "ctrl+k"\n')
    folder = create(tmp_path, "xor", datetime(2026, 11, 23, tzinfo=UTC))
    folder.write_plan(Plan("xor", [], [], [Stack([0], 10, 5, 1.0)], [WorkerPlan("cpu", 1, [0])]))

    async def served(folder, options, *rest, **more):
        made.append(options)

    monkeypatch.setattr("dlbench.serve.server.serve_run", served)
    monkeypatch.setattr("dlbench.cli.serve.os.nice", lambda value: None)
    monkeypatch.setattr("dlbench.tui.key_file.usual_file", lambda: file)
    monkeypatch.setattr("dlbench.serve.server.check_libraries", lambda: None)
    environment = {"DLBENCH_KEYS": str(file)} if named else {}
    found = CliRunner().invoke(app, ["serve", str(folder.path)], env=environment)

    assert found.exception is None, found.output
    assert (made[0].keys == KeyTable(), made[0].key_problem) == (not named, "")
