"""What a run is about, in two steps."""

from __future__ import annotations

import subprocess
import sys

import pytest
from model_runs import RECIPE, make_folder, make_plan

from dlbench.errors import RecipeError, UsageError
from dlbench.run.folder import RunFolder
from dlbench.tui.model.run_info import completed, run_info


def test_the_first_step_loads_no_checker_of_recipes(tmp_path):
    """Name and plan come without pydantic and without scipy, so that the first frame does not wait for them."""
    folder = make_folder(tmp_path, make_plan())
    script = (
        "import sys\nfrom pathlib import Path\nfrom dlbench.run.folder import RunFolder\n"
        "from dlbench.tui.model import curves, feed, replay, run_info, series, source, words\n"
        f"found = run_info.run_info(RunFolder(Path({str(folder.path)!r})))\n"
        "assert len(found.plan.trials) == 4 and not found.is_whole\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"pydantic", "scipy", "torch", "textual", "tomlkit"} & set(done.stdout.split()) == set()


def test_the_second_step_reads_what_the_recipe_promises(tmp_path):
    """Lesson, compare and claims are those of the recipe."""
    recipe = (
        f'{RECIPE}\n[lesson]\nquestion = "Why?"\n\n[compare]\nmetric = "test_loss"\n\n[[claims]]\nsays = "It learns"\n'
        'source = "theory"\nvariant = "base"\nmetric = "train_loss"\nat_most = 0.5\n'
    )
    folder = make_folder(tmp_path, make_plan(), recipe)
    subject = completed(run_info(folder), folder)
    assert subject.is_whole
    assert subject.questions.lesson.question == "Why?"
    assert subject.questions.compare.metric == "test_loss"
    assert [claim.at_most for claim in subject.questions.claims] == [0.5]


def test_what_is_no_run_is_refused(tmp_path):
    """A folder without a plan is no run; a recipe whose comparison is wrong is told by file and key."""
    with pytest.raises(UsageError, match="is not a run"):
        run_info(RunFolder(tmp_path))
    folder = make_folder(tmp_path, make_plan(), '[compare]\nmetric = "nonsense"\n')
    with pytest.raises(RecipeError, match="metric"):
        completed(run_info(folder), folder)
