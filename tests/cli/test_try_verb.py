"""`dlbench try`: what is tried and what is not, what comes of it, and what recordings and wrong questions are told."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest
from recorded_runs import group
from synthetic_run import metrics_event, probe_event, stack_event
from typer.testing import CliRunner
from verbs import app

from dlbench.analysis.summary import summarize
from dlbench.cli.output import as_text
from dlbench.errors import RecipeError, UsageError
from dlbench.plan.machines import Machine
from dlbench.plan.make import make_plan
from dlbench.recipe import load
from dlbench.run.folder import RunFolder, create
from dlbench.text.blocks import Terminal
from dlbench.text.toml_text import assignments, inline
from dlbench.tui.panes.compare import below_table

RECIPE = """
[data]
kind = "digits"
validation = 300

[model]
activation = "sigmoid"
layers = [{ kind = "flatten" }, { kind = "dense", units = 8, repeat = 2 }]

[train]
optimizer = { kind = "adam", lr = 0.1 }
epochs = 3

[trials]
seeds = 2

[variants.deep]
model.layers.1.repeat = 3
[variants.flat]
"""
VANISHED, USUAL = [None, 2e-9, 3e-5, 0.1, 0.2], [None, 0.3, 0.2, 0.2]


def said(base, *words, code=0):
    """What the verb prints of the run."""
    found = CliRunner().invoke(app, ["try", "sick", "--out", str(base), *words], catch_exceptions=False)
    assert found.exit_code == code
    return found.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder with a run of a recipe of two variants, in one of which the gradient vanishes in both seeds."""
    base = tmp_path_factory.mktemp("results")
    file = base / "sick.toml"
    file.write_text(RECIPE)
    recipe = load(file)
    plan = make_plan(recipe, device="cpu", workers=1)
    folder = create(base, "sick", datetime.now(UTC))
    folder.write_recipe(recipe.to_toml())
    folder.write_plan(plan)
    lines = []
    for stack, own in enumerate(plan.stacks):
        norms = VANISHED if plan.candidates[plan.trials[own.trials[0]].candidate].variant == "deep" else USUAL
        layers = [{"name": "flatten", "kind": "flatten", "weight": None}] + [
            {"name": f"dense{number}", "kind": "dense", "weight": [8, 8]} for number in range(len(norms) - 1)
        ]
        lines += [stack_event(stack, layers=layers), metrics_event(stack, 0, [{"train_loss": 2.3}] * 2)]
        lines += [probe_event(stack, step, [norms] * 2) for step in (0, 10, 20)]
        lines.append({"v": 1, "kind": "end", "stack": stack, "status": "done", "error": None, "step": 100})
    events = [orjson.dumps({"seq": seq, "time": 1e9, **event}) + b"\n" for seq, event in enumerate(lines)]
    folder.events_file(0, 0).write_bytes(b"".join(events))
    return base


def test_what_would_be_tried(results):
    """The variants with findings alone, each as it is and with each remedy that sets something; what is not tried has its reason."""
    told = json.loads(said(results, "--dry-run", "--json"))

    assert told["metric"] == "validation_accuracy"
    assert [(one["variant"], one["kinds"]) for one in told["sick"]] == [("deep", ["vanishing-gradient"])]
    assert {one["remedy"] for one in told["tried"]} >= {"relu", "batch-norm"}
    assert all(one["variant"] == f"deep + {one['remedy']}" for one in told["tried"])
    assert told["trials"] == 2 * (1 + len(told["tried"]))
    untried = {one["remedy"]: one["why"] for one in told["untried"]}
    assert untried["residual"] == "no setting of a recipe does it"
    assert "deep + relu: " in said(results, "--dry-run")


def test_one_remedy_of_ones_own_choice(results):
    """`--variant` and `--fix` take a variant without findings and a remedy that none proposes; `--seeds` sets how many."""
    told = json.loads(said(results, "--variant", "flat", "--fix", "wider", "--seeds", "3", "--dry-run", "--json"))

    assert [one["variant"] for one in told["tried"]] == ["flat + wider"]
    assert told["trials"] == 6


@pytest.mark.parametrize("seeds", ["0", "1,1", "20000"])
def test_seeds_that_cannot_be_are_the_options_fault(results, seeds):
    """What is wrong with `--seeds` is told of the option, not of a line of the run's recipe."""
    with pytest.raises(RecipeError) as told:
        said(results, "--seeds", seeds, "--dry-run")

    assert str(told.value).startswith(f"--seeds {seeds}: trials.seeds: ")
    assert "recipe.toml" not in str(told.value)


def test_remedies_are_planned_for_a_clusters_nodes(results, monkeypatch):
    """`--on` takes them where `run --on` would: with a GPU on each of three nodes there are three workers."""
    nodes = [Machine(f"node-{number}", 4, gpus=1) for number in range(3)]
    asked = []

    def chosen(*words):
        asked.append(words)
        return SimpleNamespace(nodes=lambda: nodes, is_here=False)

    monkeypatch.setattr("dlbench.cli.try_remedies.chosen", chosen)
    told = said(results, "--on", "ray", "--cluster", "gpu=1", "--dry-run")

    assert asked == [("ray", ["gpu=1"], None)]
    assert told.count(": cuda:0, threads: ") == 3


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--variant", "flat"), "nothing found in these variants"),
        (("--variant", "deep", "--fix", "residual"), "none of its remedies can be tried"),
    ],
)
def test_nothing_to_try(results, words, text):
    """Where nothing is found, or nothing found can be set, that is said, and no run is made."""
    assert text in said(results, *words)
    assert json.loads(said(results, *words, "--json"))["variants"] == []
    assert not (results / "sick-try").exists()


def test_recorded_loops_are_told_and_not_tried(tmp_path):
    """Of a recording the findings with their remedies are printed, and an error says why nothing is trained."""
    group(tmp_path)
    with pytest.raises(UsageError, match=r"remedies are told and cannot be tried here"):
        CliRunner().invoke(app, ["try", "mine", "--out", str(tmp_path)], catch_exceptions=False)


@pytest.fixture(scope="module")
def tried(results):
    """What the verb prints as JSON of a run that has tried one remedy, and the folder of that run."""
    told = json.loads(said(results, "--fix", "relu", "--seeds", "2", "--device", "cpu", "--json"))
    (folder,) = (results / "sick-try").iterdir()
    return told, folder


def test_a_remedy_is_trained_and_judged(tried, results):
    """The run is an ordinary one of baseline and remedy with the run's seeds, and the JSON tells its difference on validation data."""
    told, folder = tried
    recipe = load(folder / "recipe.toml")
    (variant,) = told["variants"]
    (relu,) = variant["remedies"]

    assert (told["metric"], variant["variant"], relu["name"]) == ("validation_accuracy", "deep", "relu")
    assert [(one.variant, one.settings["model"]["activation"]["kind"]) for one in recipe.candidates] == [
        ("deep", "sigmoid"), ("deep + relu", "relu"),
    ]  # fmt: skip
    assert relu["difference"]["mean"] == pytest.approx(relu["value"]["mean"] - variant["value"]["mean"])
    assert relu["for"] == ["vanishing-gradient"]
    assert relu["gone"] is (relu["still"] == 0)


def test_the_winning_patch_can_be_pasted(tried, results):
    """The TOML of the best remedy, put behind the recipe, loads as a variant with the settings that were trained."""
    told, folder = tried
    (variant,) = told["variants"]
    assert variant["best"] == "relu"
    file = results / "pasted.toml"
    file.write_text(f"{RECIPE}\n{variant['toml']}\n")
    trained = {one.variant: one.settings for one in load(folder / "recipe.toml").candidates}

    pasted = {one.variant: one.settings for one in load(file).candidates}

    assert pasted["deep + relu"] == trained["deep + relu"]


def test_a_run_of_remedies_tells_them_again(tried, results):
    """`try` of it says the same in words without training, the best first, with what to paste."""
    _, folder = tried
    found = CliRunner().invoke(app, ["try", str(folder)], catch_exceptions=False)

    assert found.stdout.startswith("Remedies for sick/")
    assert "Best: relu." in found.stdout
    assert '[variants."deep + relu"]' in found.stdout


def test_the_dashboard_ranks_them_too(tried, results, tmp_path):
    """Below the table of such a run stands what each remedy has done; where that cannot be read, why, and the rest all the same."""
    _, folder = tried
    report = summarize(RunFolder(folder))
    terminal = Terminal(100, color=False, ascii=False, language="en")

    assert "Best: relu." in as_text(below_table(report, terminal))
    damaged = RunFolder(tmp_path)
    (tmp_path / "remedies.json").write_text("[]")
    assert "remedies.json" in as_text(below_table(replace(report, folder=damaged), terminal)).replace("\n", "")


def test_patches_as_toml():
    """Tables are dotted, parts and lists stay whole, and keys are quoted where they must be."""
    patch = {"model": {"layers": {"1": {"kind": "dense", "a b": True}}, "init": "he"}, "train": {"x": [{"y": 0.5}]}}

    text = "\n".join(assignments(patch))

    assert text == 'model.layers.1 = {kind = "dense", "a b" = true}\nmodel.init = "he"\ntrain.x = [{y = 0.5}]'
    assert tomllib.loads(text) == patch
    assert inline({"kind": "adam", "lr": 1e-3}) == '{kind = "adam", lr = 0.001}'
