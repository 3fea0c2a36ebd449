"""The plugin with real training: the page's own example, shared by two workers, and a session that is interrupted."""

from __future__ import annotations

import signal
import subprocess

import pytest
from patience import PATIENCE, wait_for
from plugin_session import alike, command, environment, session

from dlbench.launch.status import alive
from dlbench.run.folder import find_runs

BROKEN = """
data = "xorr"
train.steps = 3
model.layers = [{ kind = "dense", unit = 4 }]
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory, page):
    """The page's recipe, a broken one and TOML files of others, tested by two workers that share out the items."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "lessons").mkdir()
    (folder / "lessons" / "hidden-units.toml").write_text(page["toml"])
    (folder / "lessons" / "broken.toml").write_text(BROKEN)
    (folder / "lessons" / "other.toml").write_text('[model]\nlayers = 3\n[train]\nlr = "high"')
    (folder / "lessons" / "pyproject.toml").write_text(page["toml"])
    words = ("lessons", "-v", "-rxs", "-n", "2", "--dist", "load", "--continue-on-collection-errors")
    return folder, session(folder, *words)


def test_every_claim_is_an_item_with_its_outcome(shared, page):
    """The items of the page's recipe are its claims, and end as the page says."""
    expected = dict(line.split("::")[1].rsplit(" ", 1) for line in page["text"].partition("\n\n")[0].splitlines())
    names = {"passed": "PASSED", "xfailed": "XFAIL", "skipped": "SKIPPED"}
    items = {name: names[outcome] for name, (outcome, _) in shared[1].items.items() if outcome in names}

    assert len(expected) == 4
    assert expected == items


def test_reasons_hold_the_numbers_and_the_line(shared, page):
    """What is skipped or fails as expected says so at the recipe's line, with the verdict's numbers, as the page shows it."""
    for line in page["text"].partition("\n\n")[2].splitlines():
        assert alike(line) in alike(shared[1].out)
    assert page["toml"].splitlines()[46] == "[[claims]]"


def test_a_recipe_is_trained_once_for_all_workers(shared):
    """Two workers that share the items of a recipe share its one run, which lies whole in the session's folder."""
    (run,) = find_runs(shared[0] / "tmp" / "dlbench" / next((shared[0] / "tmp" / "dlbench").iterdir()).name)

    assert run.recipe == "hidden-units"
    assert run.summary_file.exists()


def test_a_wrong_recipe_is_an_error_of_collection_with_all_its_problems(shared):
    """The recipe's problems stand there with their lines, and no traceback; TOML files of others are left alone."""
    folder, done = shared

    assert f"{folder}/lessons/broken.toml:2: data: no dataset is called 'xorr'; did you mean 'xor'?" in done.out
    assert f"{folder}/lessons/broken.toml:4: model.layers[0].unit: 'dense' has no argument 'unit'" in done.out
    assert "Traceback" not in done.out
    assert not any(word in done.out for word in ("other.toml", "pyproject.toml:"))
    assert done.code == 1


@pytest.mark.extras
def test_a_session_that_is_interrupted_leaves_no_worker(own_folder, page):
    """Ctrl-C while a recipe trains ends the session, and with it the training."""
    (own_folder / "endless.toml").write_text(page["toml"].replace("2_000", "100_000_000"))
    words = command(own_folder, "endless.toml", "--dlbench-full")
    process = subprocess.Popen(words, cwd=own_folder, env=environment(), stdout=subprocess.PIPE, text=True)
    wait_for(lambda: list(own_folder.glob("tmp/dlbench/*/*/*/events/*.jsonl")))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    (run,) = find_runs(next((own_folder / "tmp" / "dlbench").iterdir()))

    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in out
    assert alive(run) == []
