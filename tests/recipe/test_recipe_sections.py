"""What is said of the keys of sections."""

import dataclasses
import re
import tomllib
from typing import get_args, get_type_hints

import pytest
from each import each
from pydantic import TypeAdapter, ValidationError

from dlbench.catalog import split_doc
from dlbench.recipe.changes import PATCHES
from dlbench.recipe.parts import documented, table
from dlbench.recipe.scenes import SceneSection
from dlbench.recipe.sections import (
    BreakpointSection,
    ClaimSection,
    CompareSection,
    EnsembleSection,
    Frame,
    LessonSection,
    SolvedSection,
    Trials,
)
from dlbench.recipe.training import EarlyStopping, Evaluate, Model, Output, Probes, Train, Training

NEEDED = {
    ClaimSection: {"says": "It learns", "source": "measured", "variant": "relu", "metric": "solved"},
    BreakpointSection: {"when": "test_loss rises 3"},
    EnsembleSection: {"sizes": "all"},
    SceneSection: {"variants": ["relu"]},
    SolvedSection: {"metric": "test_accuracy"},
    Model: {"layers": []},
}
"""Keys that a section cannot do without."""
SECTIONS = [
    LessonSection,
    SceneSection,
    Trials,
    CompareSection,
    SolvedSection,
    EnsembleSection,
    ClaimSection,
    BreakpointSection,
]
SECTIONS += [Model, Output, Train, EarlyStopping, Evaluate, Probes]
KEYS = [(section, entry.name) for section in SECTIONS for entry in dataclasses.fields(section)]


@each(("section", "key"), KEYS, ids=lambda one: getattr(one, "__name__", one))
def test_every_key_has_an_example_that_is_valid(section, key):
    """What is said of a key ends with an example in backticks, `key = value`, which the section takes."""
    examples = re.findall(rf"`({key} = [^`]+)`", documented(section)[1].get(key, ""))
    assert examples, f"write `{key}: what it means: `{key} = ...`.` into the docstring of {section.__name__}"

    for example in examples:
        try:
            TypeAdapter(table(section)).validate_python({**NEEDED.get(section, {}), **tomllib.loads(example)})
        except ValidationError as error:
            pytest.fail(f"{example}: {error}")


def dataclasses_in(annotation):
    """The dataclasses that an annotation names, and those inside of them."""
    if dataclasses.is_dataclass(annotation):
        yield annotation
        for inner in get_type_hints(annotation).values():
            yield from dataclasses_in(inner)
    for inner in get_args(annotation):
        yield from dataclasses_in(inner)


def test_the_sections_here_are_all_that_there_are():
    """Every table that a recipe may have is in the battery above."""
    found = {one for top in (Frame, Training) for one in dataclasses_in(top)}

    assert found - {Frame, Training} == set(SECTIONS)


@pytest.mark.parametrize("name", PATCHES)
def test_examples_of_changes_load(name, alone, loaded):
    """What is shown as an example of variants, grid, search and quick stands in a recipe as it is."""
    lines = [line[8:] for line in PATCHES[name].splitlines() if line.startswith("        ")]
    example = "\n".join(lines).replace("validation_accuracy", "train_accuracy")  # four points leave none to validate on
    assert f"[{name}" in example

    assert loaded(f"{alone}{example}\n", quick=name == "quick").candidates


def test_entries_are_parted_from_prose():
    """An entry is a known name with a colon; its further lines are indented; all else is prose."""
    doc = "What it is: this.\n\nlr: how fast it\n    goes.\nother: no entry.\n\nMore."

    assert split_doc(doc, ["lr"]) == ("What it is: this.\n\nother: no entry.\n\nMore.", {"lr": "how fast it goes."})
