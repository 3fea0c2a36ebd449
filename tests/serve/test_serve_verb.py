"""`dlbench serve` as it is typed."""

import sys
from types import ModuleType

import pytest
from typer.testing import CliRunner
from verbs import app

from dlbench.errors import MissingLibraryError
from dlbench.serve.server import check_libraries


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
