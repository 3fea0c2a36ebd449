"""A recipe as pytest sees it: a file whose items are its claims, or one item that asks whether it trains at all."""

from __future__ import annotations

import os
from collections import Counter
from functools import cached_property
from typing import Any, NoReturn

import pytest

from dlbench.errors import DlbenchError, ExitCode, SetupError
from dlbench.plan.questions import said
from dlbench.pytest_plugin import LINE
from dlbench.pytest_plugin.running import Trained, train_once
from dlbench.recipe import load
from dlbench.recipe.model import Recipe
from dlbench.recipe.source import parse, read
from dlbench.recipe.source_map import line_numbers
from dlbench.words.printable import one_line, printable
from dlbench.words.program import command

INDEX = pytest.StashKey[int]()
"""On an item of a claim: its place among the claims."""


class RecipeFile(pytest.File):
    """A recipe; checked when it is collected, trained when its first item is run."""

    quick = False
    """Whether its `[quick]` is what is trained."""

    def collect(self) -> list[pytest.Item]:
        """An item for each claim, by what it says; raises the recipe's problems as text."""
        try:
            text = read(self.path)
            self.quick = "quick" in parse(text, str(self.path)) and not self.config.getoption("dlbench_full")
            recipe = self._load()
        except SetupError as error:
            self.lacking(str(error), at_collection=True)
        except DlbenchError as error:
            raise self.CollectError(printable(str(error))) from None
        lines = line_numbers(text)
        at = ("quick", "claims") if self.quick and ("quick", "claims", 0) in lines else ("claims",)
        items: list[pytest.Item] = []
        for index, (claim, name) in enumerate(zip(recipe.questions.claims, _names(recipe), strict=True)):
            item = ClaimItem.of(self, name, lines.get((*at, index), 1))
            item.stash[INDEX] = index
            item.extra_keyword_matches.add(claim.source)
            items.append(item)
        return items or [RunItem.of(self, "runs", 1)]

    def _load(self) -> Recipe:
        """The recipe that is trained; what is wrong with the other version is told too, what it lacks is not."""
        try:
            recipe = load(self.path)
        except SetupError:
            if not self.quick:
                raise
        seeds = self.config.getoption("dlbench_seeds")
        return load(self.path, seeds=seeds, quick=self.quick) if self.quick or seeds else recipe

    @cached_property
    def trained(self) -> Trained:
        """What became of its one run."""
        return train_once(self.config, self.path, quick=self.quick)

    def lacking(self, what: str, *, at_collection: bool = False) -> NoReturn:
        """Skip because this machine lacks something, or fail where that is asked for."""
        if not self.config.getoption("dlbench_strict"):
            pytest.skip(printable(what), allow_module_level=at_collection)
        if at_collection:
            raise self.CollectError(printable(what))
        fail(what)


def fail(what: str) -> NoReturn:
    """Fail with a text alone."""
    pytest.fail(printable(what), pytrace=False)


def _names(recipe: Recipe) -> list[str]:
    """What the claims say, in English and in one line; what is said twice is numbered, and nothing looks like a node's id."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for claim in recipe.questions.claims:
        name = one_line(" ".join(said(claim.says).split())).replace("::", ":")
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


class RecipeItem(pytest.Item):
    """Something that a run of the recipe shows."""

    parent: RecipeFile

    @classmethod
    def of(cls, recipe: RecipeFile, name: str, line: int) -> RecipeItem:
        """An item about one line of a recipe."""
        item: RecipeItem = cls.from_parent(recipe, name=name)
        item.stash[LINE] = line
        return item

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Where it stands, counted from 0."""
        return self.path, self.stash[LINE] - 1, self.name

    def setup(self) -> None:
        """Have the recipe trained, so that a run that goes wrong is an error, and no claim refuted."""
        trained = self.parent.trained
        if trained.code == ExitCode.ENVIRONMENT:
            self.parent.lacking(trained.said.removeprefix("error: "))
        if trained.report is None or trained.code != ExitCode.DONE:
            fail(f"the run ended with code {trained.code}\n{trained.said}\n{self.remark()}")

    @property
    def report(self) -> dict[str, Any]:
        """The run's report, which `setup` has made sure of."""
        assert self.parent.trained.report is not None
        return self.parent.trained.report

    def remark(self) -> str:
        """Where the recipe stands and its run lies."""
        place = f"{self.path}:{self.stash[LINE]}"
        return f"{place}\nsee the run by: {command('table', self.parent.trained.folder)}"


class ClaimItem(RecipeItem):
    """One claim: confirmed passes, refuted fails, undecided is skipped.

    It is judged among all claims of the recipe, whichever of them pytest was told to run.
    What the lecture says and data refutes is the lesson's result, no fault of the recipe: it fails as expected.
    """

    def runtest(self) -> None:
        """Judge the claim as the run's report does."""
        verdict = self.report["claims"][self.stash[INDEX]]
        outcome, numbers, source = verdict["outcome"], printable(verdict["text"]), verdict["source"]
        self.user_properties += [("outcome", outcome), ("source", source), ("numbers", numbers)]
        is_strict = self.config.getoption("dlbench_strict")
        if outcome == "undecided" and not is_strict:
            pytest.skip(f"undecided: {numbers}")
        if outcome == "refuted" and source == "lecture" and not is_strict:
            version = " (quick version)" if self.parent.quick else ""
            pytest.xfail(f"the lecture's statement is refuted{version}: {numbers}")
        if outcome != "confirmed":
            fail(f"{outcome}: {numbers}\n{self.name} ({source})\n{self.remark()}")


class RunItem(RecipeItem):
    """A recipe that claims nothing: it passes if every trial has ended well."""

    def runtest(self) -> None:
        """Look for trials that have not."""
        rows = self.report["rows"] + [row for row in self.report["sweep"] if not row["is_chosen"]]
        bad = [_ends(row) for row in rows if row["trials"]["ok"] < row["trials"]["run"]]
        if bad:
            fail("\n".join([*bad, self.remark()]))


def _ends(row: dict[str, Any]) -> str:
    """`relu lr=3: of 5 trials 2 diverged`."""
    choice = "".join(f" {key}={value}" for key, value in row["choice"].items())
    counts = {key: count for key, count in row["trials"].items() if key not in {"run", "ok"}}
    told = ", ".join(f"{count} {key}" for key, count in counts.items())
    return f"{row['variant']}{choice}: of {row['trials']['run']} trials {told}"
