"""The labelled scenarios: what they cover, and that each is a recipe that can run."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import tomli_w
from pydantic import ValidationError

from dlbench.plan.finding_kinds import KINDS
from dlbench.recipe import load
from dlbench.self_test import tables
from dlbench.self_test.catalogue import FamilySection, Target, chosen, recipe_of, scenarios
from dlbench.self_test.training import SEEDS

ALL = scenarios()
SICK = [one for one in ALL if one.is_sick]
GROUPS = sorted({one.group for one in ALL})
FAMILIES = {one.family: one.held_out for one in ALL}


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    """Every group's recipe, read and checked as `dlbench run` would."""
    folder = tmp_path_factory.mktemp("scenarios")
    tables.write(tables.known(), folder)
    found = {}
    for group in GROUPS:
        file = folder / f"{group}.toml"
        document = recipe_of(group, [one for one in ALL if one.group == group], SEEDS)
        file.write_text(tomli_w.dumps(document), encoding="utf-8")
        found[group] = load(file)
    return found


def test_there_are_as_many_as_promised():
    """At least 72 scenarios are sick, each name stands once, and each family has a healthy twin and a sick one."""
    assert len(SICK) >= 72
    assert max(Counter(one.name for one in ALL).values()) == 1
    assert {one.family for one in ALL if not one.is_sick} == {one.family for one in SICK}


def test_a_third_of_the_families_is_held_out():
    """No family has scenarios in both parts; a third of the families at least, and of the sick ones, is kept from tuning."""
    assert len({(one.family, one.held_out) for one in ALL}) == len(FAMILIES)
    assert 1 / 3 <= sum(FAMILIES.values()) / len(FAMILIES) <= 1 / 2
    assert sum(one.held_out for one in SICK) / len(SICK) >= 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_case(kind):
    """Some sick scenario accepts the kind, and its family has a healthy twin."""
    families = {one.family for one in SICK if kind in one.accepts}

    assert families
    assert families <= {one.family for one in ALL if not one.is_sick}


def test_labels_are_whole():
    """Sick ones accept at least one kind and healthy ones none, no kind is both accepted and beside it, every reason is a sentence."""
    assert [one.name for one in ALL if bool(one.accepts) != one.is_sick] == []
    assert [one.name for one in ALL if set(one.accepts) & set(one.also)] == []
    assert [one.name for one in ALL if not one.is_sick and one.also] == []
    assert [one.name for one in ALL if not (one.why.endswith(".") and len(one.why) > 20)] == []


def test_nets_and_data_are_of_many_kinds(recipes):
    """Dense, convolutional, recurrent and residual nets on points, pictures, tables, sequences and numbers, sick and healthy."""
    label = {one.name: one for one in ALL}
    seen = {True: set(), False: set()}
    for recipe in recipes.values():
        for candidate in recipe.candidates:
            layers = json.dumps(candidate.settings["model"]["layers"])
            own = {kind for kind in ("dense", "conv", "rnn", "lstm", "gru", "residual") if f'"{kind}"' in layers}
            seen[label[candidate.variant].is_sick] |= own | {candidate.settings["data"]["kind"], candidate.task}

    wanted = {"dense", "conv", "rnn", "lstm", "gru", "residual"}
    wanted |= {"spirals", "xor", "digits", "csv", "npz", "classification", "regression"}
    assert wanted <= seen[True]
    assert wanted <= seen[False]


@pytest.mark.parametrize("group", GROUPS)
def test_every_scenario_is_a_recipe(recipes, group):
    """A group's scenarios are the variants of a recipe that can run, of which no two are the same."""
    settings = [json.dumps(one.settings, sort_keys=True) for one in recipes[group].candidates]

    assert recipes[group].variants == [one.name for one in ALL if one.group == group]
    assert len(set(settings)) == len(settings)


def test_files_are_made_alike_every_time(tmp_path):
    """What scenarios learn from has the same numbers in every self-test, and every file is used by some scenario."""
    used = {own["path"] for one in ALL if "path" in (own := one.settings.get("data", {}))}
    for folder in ("once", "again"):
        (tmp_path / folder).mkdir()
        tables.write({"customers.csv", "survey-repeated.csv"}, tmp_path / folder)

    assert tables.known() - used <= {"customers.csv", "houses.csv", "waves.npz", "adding.npz"}  # those of a base
    for name in ("customers.csv", "survey-repeated.csv"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_page_of_the_record_is_of_these_scenarios():
    """Every scenario stands in the kept record with its numbers, and no other; `make record` writes it anew."""
    page = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    table = page.partition("### What the scenarios do")[2].partition("<!-- the record ends -->")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]

    assert {name for row in rows for name in re.findall(r"`([^`]+)` (?:diverged|-?[0-9])", row)} == {
        one.name for one in ALL
    }


def test_a_part_or_a_family_can_be_chosen():
    """Held out and tuning are all scenarios together, and a family is all of its own."""
    assert sorted(one.name for part in (True, False) for one in chosen(held_out=part)) == sorted(
        one.name for one in ALL
    )
    assert {one.family for one in chosen("rate of SGD on digits")} == {"rate of SGD on digits"}
    assert chosen("rate of SGD on digits", held_out=True) == []


@pytest.mark.parametrize(
    ("target", "sick", "what"),
    [
        ({"metric": "test_acuracy", "at_least": 1}, {}, "is no metric"),
        ({"metric": "test_loss"}, {}, "one of 'at_least' and 'at_most'"),
        ({"metric": "test_loss", "at_most": 1}, {"accepts": ["dead-unit"]}, "no kind of finding"),
        ({"metric": "test_loss", "at_most": 1}, {"accept": ["dead-units"]}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_label_is_refused(target, sick, what):
    """A metric or kind that is not known, a target without a bound, and a key that is misspelt are each told."""
    named = {"name": "one", "why": "so"}
    with pytest.raises(ValidationError, match=what):
        FamilySection.model_validate({"name": "f", "target": target, "healthy": [named], "sick": [{**named, **sick}]})


def test_a_target_is_reached_from_its_own_side():
    """At least and at most, the bound included; a trial without a number, as a diverged one, reaches nothing."""
    high, low = Target(metric="test_accuracy", at_least=0.9), Target(metric="test_loss", at_most=0.5)

    assert [high.is_reached(value) for value in (0.9, 0.89, None)] == [True, False, False]
    assert [low.is_reached(value) for value in (0.5, 0.51, None)] == [True, False, False]
