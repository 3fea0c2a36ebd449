"""A dashboard that does not open leaves the run alone, and says how to come back to it."""

import pytest

from dlbench.cli.dashboard import show
from dlbench.errors import UsageError
from dlbench.launch.local import THIS_MACHINE
from dlbench.launch.sessions import WorkerGroup
from dlbench.run.folder import RunFolder


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("DLBENCH_THEME", "neon", "no theme is called 'neon'"), ("DLBENCH_KEYS", "no.toml", "cannot read these keys")],
)
def test_what_the_environment_asks_in_vain(tmp_path, monkeypatch, capsys, name, value, words):
    """The workers have begun: beside the mistake stands that the run continues, and the command that shows it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=words):
        show(
            RunFolder(tmp_path / "small" / "1"),
            WorkerGroup(THIS_MACHINE, []),
            language="en",
            ascii_only=True,
            closes=False,
        )

    assert "the run continues; watch it with `dlbench watch" in capsys.readouterr().err
