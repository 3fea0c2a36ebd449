"""Confusion counts in exports: what every trial took for what, and a table a variant."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import orjson
import pytest
from sklearn.metrics import confusion_matrix
from synthetic_run import finished, make_plan, state_of

from dlbench.analysis.summary import Report, report
from dlbench.export import exported
from dlbench.plan.questions import Compare, Questions

NAMES = ["cat", "dog", "=bird"]
RANDOM = np.random.default_rng(0)
TRUE = np.repeat([0, 1, 2], 10)
SAID = RANDOM.integers(0, 3, (2, 2, 3, 30))
"""`[splits, variants, seeds, samples]`."""


def run(classes: int = 3) -> Report:
    """A finished run of two variants with three seeds each, told of train and test data; seed 1 of the first has no counts."""
    plan = make_plan(["a", "b"], 3)
    events: list[dict[str, Any]] = finished(plan, lambda _: {"test_accuracy": 0.5})
    names = NAMES if classes == 3 else [str(label) for label in range(classes)]
    for event in events:
        if event["kind"] == "stack":
            event |= {"classes": classes, "class_names": names}
    for index, stack in enumerate(plan.stacks):
        counts: list[list[Any]] = [[], []]
        for trial in stack.trials:
            variant, seed = "ab".index(plan.trials[trial].variant), plan.trials[trial].seed
            for split, own in enumerate(counts):
                told = confusion_matrix(TRUE, SAID[split, variant, seed], labels=range(classes)).tolist()
                own.append(None if (variant, seed) == (0, 1) else told)
        told = {"train": counts[0], "validation": None, "test": counts[1]}
        events.insert(-1, {"kind": "confusion", "stack": index, "step": stack.steps, **told})
    return report(state_of(plan, events), Questions(compare=Compare("test_accuracy", "a")))


def test_every_pair_is_a_row() -> None:
    """Counts by trial and split are scikit-learn's, classes by name and harmless for a spreadsheet; what never happened is left out."""
    rows = list(csv.DictReader(io.StringIO(exported("confusion", run(), "en"))))
    names = [*NAMES[:2], "'=bird"]

    assert {row["split"] for row in rows} == {"train", "test"}
    for variant, seed in [("a", 0), ("a", 2), ("b", 0), ("b", 1), ("b", 2)]:
        for number, split in enumerate(("train", "test")):
            own = [row for row in rows if (row["variant"], row["seed"], row["split"]) == (variant, str(seed), split)]
            expected = confusion_matrix(TRUE, SAID[number, "ab".index(variant), seed])
            found = {(row["true"], row["predicted"]): int(row["count"]) for row in own}
            pairs = {(names[i], names[j]): int(n) for (i, j), n in np.ndenumerate(expected) if n}
            assert found == pairs
    assert not any((row["variant"], row["seed"]) == ("a", "1") for row in rows)


def test_markdown_has_a_table_a_variant() -> None:
    """All seeds of a variant together, a row a true class."""
    text = exported("markdown", run(), "en")
    (_, of_a, of_b) = text.split("## Confusion on test data: ")
    for part, variant, seeds in ((of_a, 0, [0, 2]), (of_b, 1, [0, 1, 2])):
        expected = sum(confusion_matrix(TRUE, SAID[1, variant, seed]) for seed in seeds)
        lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
        assert lines[0] == ["true, predicted:", "cat", "dog", "=bird"]
        assert [[int(cell) for cell in line[1:]] for line in lines[2:5]] == expected.tolist()


def test_notes_stand_under_the_table_that_they_are_about() -> None:
    """Confusion counts come last in Markdown, so that no note on the comparison seems to be about one of them."""
    (before, *counted) = exported("markdown", run(), "en").split("## Confusion on test data: ")
    assert "\n- " in before
    assert not [part for part in counted if "\n- " in part or "\n## " in part]


def test_many_classes_are_no_table_for_people() -> None:
    """Beyond ten classes Markdown has no such tables, and CSV all counts."""
    found = run(classes=11)

    assert "Confusion" not in exported("markdown", found, "en")
    assert len(exported("confusion", found, "en").splitlines()) > 20


@pytest.mark.parametrize("form", ["confusion", "markdown", "json"])
def test_a_run_without_classes_has_none(form: str) -> None:
    """Where numbers are learned there is nothing to be confused."""
    plan = make_plan(["a", "b"], 3)
    state = state_of(plan, finished(plan, lambda _: {"test_rmse": 0.5}))
    text = exported(form, report(state, Questions(compare=Compare("test_rmse", "a"))), "en")

    if form == "confusion":
        assert text == "trial,variant,seed,split,true,predicted,count\n"
    elif form == "markdown":
        assert "Confusion" not in text
    else:
        assert orjson.loads(text)["confusion"] == []
