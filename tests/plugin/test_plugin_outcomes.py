"""What becomes of every way that a run can end: sessions in which runs end as they are told to, without training."""

from __future__ import annotations

import json
import shutil

import pytest
from plugin_session import session

NET = """
[data]
kind = "xor"
[model]
layers = [{ kind = "dense", units = 4 }]
[train]
steps = 40
"""
CLAIM = """
[[claims]]
says = "Claim {name}::{number}"
source = "{source}"
variant = "base"
metric = "train_loss"
at_most = 1
"""
QUICK = """
[quick]
train.steps = 4
[[quick.claims]]
says = "The quick claim"
source = "theory"
variant = "base"
metric = "train_loss"
at_most = 1
"""
SAYS_HOW = '''
"""Runs that end as ENDS says, and note what they were asked for."""
import json
from pathlib import Path
from dlbench.pytest_plugin import running

ENDS = json.loads(Path(__file__).with_name("ends.json").read_text())

def train(recipe, words, out, here):
    with Path(__file__).with_name("asked.txt").open("a") as asked:
        asked.write(f"{recipe.name} {' '.join(words)}\\n")
    return running.Trained(folder=str(out), **ENDS[recipe.stem])

running._train = train
'''


def verdict(outcome, source):
    """A verdict as summary.json has it."""
    return {"outcome": outcome, "source": source, "text": f"{outcome} by the numbers"}


def row(variant, *, choice=None, chosen=False, **trials):
    """A row of a table as summary.json has it."""
    return {"variant": variant, "choice": choice or {}, "is_chosen": chosen, "trials": {"run": 3, "ok": 3, **trials}}


CLAIMS = {
    "confirmed": [("confirmed", "lecture"), ("confirmed", "theory")],
    "refuted": [("refuted", "lecture"), ("refuted", "theory"), ("refuted", "measured")],
    "undecided": [("undecided", "lecture"), ("undecided", "measured")],
    "quick": [("confirmed", "theory")],
}
ROWS = {
    "well": ([row("a"), row("b", chosen=True)], [row("b", chosen=True), row("b")]),
    "diverged": ([row("a", ok=1, diverged=2)], []),
    "searched": (
        [row("a", chosen=True)],
        [row("a", chosen=True), row("a", choice={"lr": 3}, ok=0, dropped=1, diverged=2)],
    ),
}
BROKE = {
    "lacking": (3, "error: mnist is not on this machine: fetch it"),
    "failed": (1, "error: worker 0 died"),
    "stopped": (143, ""),
}


def ending(code=0, said="", claims=(), rows=((), ())):
    """How a run ends."""
    report = {"claims": [verdict(*claim) for claim in claims], "rows": rows[0], "sweep": rows[1]}
    return {"code": code, "said": said, "report": report if code in {0, 1} else None}


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    """A folder with a recipe for each way to end."""
    folder = tmp_path_factory.mktemp("outcomes")
    ends = {name: ending(claims=claims) for name, claims in CLAIMS.items()}
    ends |= {name: ending(rows=rows) for name, rows in ROWS.items()}
    ends |= {name: ending(code, said) for name, (code, said) in BROKE.items()}
    for name in ends:
        claims = [
            CLAIM.format(name=name, number=number, source=source)
            for number, (_, source) in enumerate(CLAIMS.get(name, []))
        ]
        (folder / f"{name}.toml").write_text("".join([NET, *claims, QUICK if name == "quick" else ""]))
    (folder / "ends.json").write_text(json.dumps(ends))
    (folder / "conftest.py").write_text(SAYS_HOW)
    return folder


@pytest.fixture(scope="module")
def plain(recipes):
    """A session without wishes."""
    shutil.copytree(recipes, recipes.parent / "plain")
    return session(recipes.parent / "plain", "-rfEsx", ".")


@pytest.fixture(scope="module")
def strict(recipes):
    """A strict one, in full, with wishes."""
    shutil.copytree(recipes, recipes.parent / "strict")
    return session(recipes.parent / "strict", ".", "--dlbench-strict", "--dlbench-full", "--dlbench-seeds", "0-2")


EXPECTED = {
    "Claim confirmed:0": ("passed", "passed"),
    "Claim confirmed:1": ("passed", "passed"),
    "Claim refuted:0": ("xfailed", "failure"),
    "Claim refuted:1": ("failure", "failure"),
    "Claim refuted:2": ("failure", "failure"),
    "Claim undecided:0": ("skipped", "failure"),
    "Claim undecided:1": ("skipped", "failure"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_claim_ends_as_its_verdict_and_its_source_say(plain, strict, name):
    """Confirmed passes, refuted fails but for the lecture, undecided is skipped; strictly, whatever is not confirmed fails."""
    assert (plain.items[name][0], strict.items[name][0]) == EXPECTED[name]


def test_messages_are_the_numbers(plain):
    """The reason of each begins with the verdict, and a failure says where the recipe and the run lie."""
    assert plain.items["Claim refuted:0"][1] == "the lecture's statement is refuted: refuted by the numbers"
    assert plain.items["Claim refuted:1"][1].startswith("Failed: refuted: refuted by the numbers")
    assert plain.items["Claim undecided:1"][1] == "undecided: undecided by the numbers"
    assert "refuted.toml:16\nsee the run by: dlbench table " in plain.out
    assert "Traceback" not in plain.out


def test_a_recipe_without_claims_passes_if_its_trials_end_well(recipes, strict):
    """One item `runs` says which variants and choices did not, each once."""
    lines = strict.out.splitlines()

    assert "a: of 3 trials 2 diverged" in lines
    assert "a lr=3: of 3 trials 1 dropped, 2 diverged" in lines
    assert len([line for line in lines if ": of 3 trials" in line and "FAILED" not in line]) == 2


def test_what_the_machine_lacks_is_skipped_unless_strict(plain, strict):
    """A dataset or device that is not here is the machine's matter, told with what to do."""
    assert "SKIPPED [1] lacking.toml:1: mnist is not on this machine: fetch it" in plain.out
    assert "SKIPPED" not in strict.out
    assert "mnist is not on this machine: fetch it" in strict.out


def test_a_run_that_broke_is_an_error_and_refutes_nothing(plain):
    """The item is in error before it is judged, with what the run has said."""
    assert "ERROR failed.toml::runs - Failed: the run ended with code 1" in plain.out
    assert "ERROR stopped.toml::runs - Failed: the run ended with code 143" in plain.out
    assert "error: worker 0 died" in plain.out


def test_quick_is_the_default_where_there_is_one(recipes, plain, strict):
    """Claims are those of what is trained: the quick ones, or in full the others; wishes go to `dlbench run`."""
    asked = {name: (recipes.parent / name / "asked.txt").read_text().splitlines() for name in ("plain", "strict")}

    assert "The quick claim" in plain.items
    assert "The quick claim" not in strict.items
    assert "Claim quick:0" in strict.items
    assert "quick.toml --device cpu --quick" in asked["plain"]
    assert "well.toml --device cpu" in asked["plain"]
    assert "quick.toml --device cpu --seeds 0-2" in asked["strict"]
    assert len(asked["plain"]) == len(asked["strict"]) == len(CLAIMS) + len(ROWS) + len(BROKE)


def test_the_session_says_which_version_is_judged(plain, strict):
    """A line after the collection tells quick from full."""
    assert "in their [quick] version where they have one; --dlbench-full trains them in full" in plain.out
    assert "dlbench: recipes are trained in full" in strict.out


def test_runxfail_and_choices_of_pytest_work(recipes):
    """--runxfail makes a failure of what fails as expected; -k chooses by source; a claim is chosen by its id."""
    shutil.copytree(recipes, recipes.parent / "chosen")
    folder = recipes.parent / "chosen"
    done = session(folder, "refuted.toml::Claim refuted:0", "confirmed.toml", "-k", "lecture", "--runxfail")

    found = {name: outcome for name, (outcome, _) in done.items.items()}
    assert found == {"Claim refuted:0": "failure", "Claim confirmed:0": "passed"}
    # No run knows which of its claims were chosen: it judges all of them together.
    asked = (folder / "asked.txt").read_text().splitlines()
    assert sorted(asked) == ["confirmed.toml --device cpu", "refuted.toml --device cpu"]
