"""How a dashboard is left whose run cannot go on."""

from types import SimpleNamespace

import pytest

from dlbench.cli.dashboard import show
from dlbench.errors import ExitCode, SetupError
from dlbench.run.folder import RunFolder


def test_a_folder_that_has_gone_is_no_run_that_goes_on(tmp_path, monkeypatch, capsys):
    """Workers that ended with code 3 in a folder that is not there any more are told as that, and not sent back to."""
    folder = RunFolder(tmp_path / "xor" / "20261123-153012")
    closed = SimpleNamespace(code=ExitCode.DONE, folder=folder, is_complete=False, is_paused=False)
    group = SimpleNamespace(exit_codes=[3])
    monkeypatch.setattr("dlbench.tui.open.look", lambda *_, **__: closed)

    with pytest.raises(SetupError, match="the run's folder was deleted"):
        show(folder, group, language="en", ascii_only=False, closes=False)
    assert "the run continues" not in capsys.readouterr().err
