"""The examples of docs/record.md for each library do what the page says."""

import re
from pathlib import Path

import pytest
from library_trainings import LIBRARIES

import dlbench
from dlbench.run.folder import find_runs

pytestmark = [pytest.mark.extras, pytest.mark.filterwarnings("ignore")]

PAGE = Path(dlbench.__file__).parent.parent / "docs" / "record.md"
LOGGED = {
    "lightning": {"train_loss", "validation_loss", "validation_accuracy"},
    "transformers": {"train_loss", "validation_loss", "test_loss", "grad_norm"},
    "keras": {"train_loss", "train_accuracy", "validation_loss", "validation_accuracy"},
    "skorch": {"train_loss", "train_accuracy", "validation_loss", "validation_accuracy"},
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_page_records_a_training(library, tmp_path, monkeypatch):
    """The library's example is recorded to its end, with every layer's gradients and what the page says is logged, and learns."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (code,) = (block for block in blocks if f"from dlbench.callbacks.{library} import" in block)
    exec(compile(code, "docs/record.md", "exec"), {"__name__": library})

    (run,) = find_runs(tmp_path / "results")
    (trial,) = dlbench.table(run.path, out=tmp_path).report.state.trials
    loss = trial.curve("train_loss")
    assert run.recipe == f"signs-{library}"
    assert trial.status == "ok"
    assert set(trial.stack.metrics.fields) >= LOGGED[library]
    assert len(trial.probe_steps) >= 5
    assert loss[-1] < loss[0]
