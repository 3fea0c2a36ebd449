"""`dlbench run --until-decided`: runs that get seeds until their claims are decided."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest
from small_recipe import RECIPE

from dlbench.analysis.summary import folded, summarize
from dlbench.cli.run import run, written_along
from dlbench.cli.until_decided import SeedAdder, begun
from dlbench.errors import UsageError
from dlbench.launch.status import status
from dlbench.plan.growth import planned_seeds
from dlbench.recipe import load
from dlbench.run.adding import adding, is_adding
from dlbench.run.folder import RunFolder, find_run

OF_ENSEMBLES = """
[ensemble]
sizes = [2]

[[claims]]
says = "two know more than one"
source = "theory"
variant = "fast"
metric = "ensemble_gain"
members = 2
at_least = 0
"""
OPEN = """
[[claims]]
says = "Slow is above its own mean"
source = "measured"
variant = "slow"
metric = "train_loss"
between = [0.0, 0.6931471]

[[claims]]
says = "There is a loss"
source = "measured"
variant = "slow"
metric = "train_loss"
at_least = 0.001
"""


@pytest.fixture(scope="module")
def grown_run(module_bench):
    """A run with an open claim that may have six seeds, and its stderr."""
    (module_bench.folder / "open.toml").write_text(RECIPE + OPEN)
    (module_bench.folder / "sure.toml").write_text(
        RECIPE + OPEN.replace("between = [0.0, 0.6931471]", "at_most = 90.0")
    )
    words = ("--until-decided", "--max-seeds", "6", "--device", "cpu")
    code, out, err = module_bench("run", "open.toml", *words, "--set", "train.steps=3")
    return code, out, err, find_run(module_bench.folder / "results", "open")


def test_seeds_are_added_while_a_claim_is_open(grown_run):
    """Five seeds leave one of two claims open, a sixth is added by a further session, and then no more is allowed."""
    code, out, err, folder = grown_run
    assert code == 0
    assert "after 5 seeds 1 of 2 claims are decided, open: 'Slow is above its own mean'; seeds 5-5 are added" in err
    assert "after 6 seeds 1 of 2 claims are decided, open: 'Slow is above its own mean'; no more than 6 seeds" in err
    assert f"--resume {folder.path} --max-seeds 12" in err.replace("results/", f"{folder.path.parents[1]}/")
    assert "decided after 5 seeds" in out.replace("\n            ", " ")
    assert planned_seeds(folder.read_plan()) == [*range(6)]
    assert [session for session, _, _ in folder.events_files()] == [0, 1]


def test_the_folder_is_that_of_an_ordinary_run(grown_run):
    """It is done, its recipe has the seeds that were trained, its summary the looks, and any verb reads it."""
    *_, folder = grown_run
    assert (status(folder).state, status(folder).unfinished) == ("done", [])
    assert tomllib.loads(folder.read_recipe())["trials"]["seeds"] == [*range(6)]
    claims = json.loads(folder.summary_file.read_text())["claims"]
    assert [claim["looks"] and claim["looks"]["decided_after"] for claim in claims] == [None, None, 5]
    assert [row.n_ok for row in summarize(folder).table.rows] == [6, 6]


def test_more_seeds_are_planned_only_where_more_are_allowed(grown_run):
    """A run with an open claim gets a further batch where its limit is raised, and none where it is not."""
    *_, folder = grown_run
    plan, recipe = folder.read_plan(), load(folder.recipe_file)
    text = folder.read_recipe()
    told = []
    adder = SeedAdder(folder, recipe, told.append)
    assert not adder.extend(folded(folder))
    folder.write_plan(replace(plan, until_decided=replace(plan.until_decided, most=40)))
    state = folded(folder)
    assert adder.extend(state)
    assert planned_seeds(folder.read_plan()) == [*range(9)]
    assert [trial.plan.seed for trial in state.trials if trial.status == "waiting"] == [6, 7, 8, 6, 7, 8]
    assert not adder.extend(state)
    folder.write_plan(plan)
    folder.write_recipe(text)
    assert told[1].endswith("seeds 6-8 are added")


@pytest.mark.extras
def test_a_run_whose_claims_are_decided_trains_no_more(module_bench, grown_run):
    """Claims that five seeds decide end the run with five, and there is nothing to resume."""
    code, out, err = module_bench("run", "sure.toml", "--until-decided", "--device", "cpu", "--set", "train.steps=3")
    folder = find_run(module_bench.folder / "results", "sure")
    assert code == 0
    assert "after 5 seeds 2 of 2 claims are decided" in err
    assert "next: dlbench watch" in err
    assert out.replace("\n            ", " ").count("decided after 5 seeds") == 2
    assert planned_seeds(folder.read_plan()) == [*range(5)]
    code, _, err = module_bench("run", "--resume", str(folder.path))
    assert code == 2
    assert "no claim waits for seeds that are allowed" in err


def test_a_recipe_without_claims_that_wait_for_seeds_is_refused(tmp_path):
    """Claims that ask every seed wait for no other, and without claims nothing does."""
    path = tmp_path / "r.toml"
    for text, why in ((RECIPE, "none of its claims is decided"), (RECIPE.partition("[[claims]]")[0], "it has none")):
        path.write_text(text)
        with pytest.raises(UsageError, match=why):
            begun(load(path), None)
    path.write_text(RECIPE.partition("[[claims]]")[0] + OF_ENSEMBLES)
    with pytest.raises(UsageError, match="of ensembles no method is known that holds however often one looks"):
        begun(load(path), None)


def test_the_first_seeds_are_five_whatever_the_recipe_says(tmp_path):
    """Two seeds of a recipe become five, ten are begun with five."""
    path = tmp_path / "r.toml"
    path.write_text(RECIPE + OPEN)
    assert begun(load(path), None)[0].seeds == [*range(5)]
    recipe, wish = begun(load(path, seeds="3-12"), 40)
    assert (recipe.seeds, wish.most, wish.given) == ([3, 4, 5, 6, 7], 40, [*range(3, 13)])


def test_one_process_adds_seeds_at_a_time(tmp_path):
    """Whoever adds holds a lock that others see and cannot take; its end frees it."""
    folder = RunFolder(tmp_path)
    assert not is_adding(folder)
    with adding(folder):
        assert is_adding(folder)
        with pytest.raises(UsageError, match="another process is adding"), adding(folder):
            pass
    assert not is_adding(folder)
    assert folder.adding_file.exists()


def test_options_that_do_not_fit_are_refused(tmp_path):
    """A limit without seeds that are added, and a log of seeds that were not known."""
    with pytest.raises(UsageError, match="limits the seeds that --until-decided adds"):
        run(["small.toml"], max_seeds=20)
    with pytest.raises(UsageError, match="--until-decided adds others"):
        written_along(tmp_path, detach=False, grows=True)
