"""The examples of docs/record.md do what the page says."""

import re
from pathlib import Path

import dlbench
from dlbench.analysis.summary import folded
from dlbench.run.folder import find_runs

PAGE = Path(dlbench.__file__).parent.parent / "docs" / "record.md"


def test_the_page_records_a_group(tmp_path, monkeypatch):
    """The first example records two variants with two seeds each, every one to its end, with probes and numbers."""
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[0]
    exec(compile(code, "docs/record.md", "exec"), {})

    runs = find_runs(tmp_path / "results")
    trials = [run.read_plan().trials[0] for run in runs]
    assert {(trial.variant, trial.seed) for trial in trials} == {(v, s) for v in ("small", "he") for s in (0, 1)}
    for run in runs:
        (trial,) = folded(run).trials
        assert trial.status == "ok"
        assert trial.curve("train_accuracy")[-1] > 0.5
        assert len(trial.probe_steps) >= 5
