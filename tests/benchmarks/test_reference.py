"""What is kept of runs beside the code."""

from __future__ import annotations

from benchmarks.reference import NAMES, environment
from dlbench.export import EXPORTERS


def test_no_paths_of_the_machine_are_kept() -> None:
    """The command is kept without its program's path and --out, the environment without host and folders."""
    recorded = {
        "command": ["/home/someone/dlbench", "run", "xor", "--out", "/home/someone/results", "--quick"],
        "host": "someones-laptop",
        "folder": "/home/someone",
        "python": "3.11.7",
        "workers": {"s000-w0": {"device": "cpu"}},
    }

    assert environment(recorded) == {
        "command": "dlbench run xor --quick",
        "python": "3.11.7",
        "workers": {"s000-w0": {"device": "cpu"}},
    }


def test_what_is_kept_are_export_formats() -> None:
    """Every format that is kept is one of `dlbench export`."""
    assert set(NAMES) <= set(EXPORTERS.names)
