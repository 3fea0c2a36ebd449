"""Files of claims as pytest sees them: each claim is an item, or one asks whether all ends well. Recipes are trained for it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, NoReturn

import pytest

from dlbench.errors import DlbenchError, ExitCode, SetupError
from dlbench.plan.questions import Claim, said
from dlbench.pytest_plugin import LINE, TRAINED
from dlbench.pytest_plugin.running import Trained, train_once
from dlbench.recipe import load
from dlbench.recipe.model import Recipe
from dlbench.recipe.source import parse, read
from dlbench.recipe.source_map import KeyPath, line_numbers
from dlbench.words.printable import one_line, printable
from dlbench.words.program import command

INDEX = pytest.StashKey[int]()
"""On an item of a claim: its place among the claims."""


class ClaimsFile(pytest.File):
    """A file with claims, each an item; what shows them is a report that is made when the first item is run."""

    are_trained: ClassVar[bool] = False
    """Whether a session trains what is asked about."""
    version = ""
    """Which version is judged, in words, where there are several."""

    def claim_items(self, claims: Sequence[Claim], lines: Mapping[KeyPath, int], at: KeyPath) -> list[pytest.Item]:
        """An item for each claim, by what it says; without claims one that asks whether everything has come to its end."""
        items: list[pytest.Item] = []
        for index, (claim, name) in enumerate(zip(claims, _names(claims), strict=True)):
            item = ClaimItem.of(self, name, lines.get((*at, index), 1))
            item.stash[INDEX] = index
            item.extra_keyword_matches.add(claim.source)
            items.append(item)
        return items or [RunItem.of(self, "runs", 1)]

    def require(self, item: ClaimsItem) -> None:
        """Make sure that there is a report; fails, or skips, where there is none."""
        raise NotImplementedError

    @property
    def report(self) -> dict[str, Any]:
        """The report, as `dlbench table --json` prints it."""
        raise NotImplementedError

    @property
    def run(self) -> str:
        """What `dlbench table` shows it by."""
        raise NotImplementedError

    def lacking(self, what: str, *, at_collection: bool = False) -> NoReturn:
        """Skip because this machine lacks something, or fail where that is asked for."""
        if not self.config.getoption("dlbench_strict"):
            pytest.skip(printable(what), allow_module_level=at_collection)
        if at_collection:
            raise self.CollectError(printable(what))
        fail(what)


class RecipeFile(ClaimsFile):
    """A recipe; checked when it is collected, trained when its first item is run."""

    are_trained = True
    quick = False
    """Whether its `[quick]` is what is trained."""

    def collect(self) -> list[pytest.Item]:
        """An item for each claim; raises the recipe's problems as text."""
        try:
            text = read(self.path)
            self.quick = "quick" in parse(text, str(self.path)) and not self.config.getoption("dlbench_full")
            recipe = self._load()
        except SetupError as error:
            self.lacking(str(error), at_collection=True)
        except DlbenchError as error:
            raise self.CollectError(printable(str(error))) from None
        self.version = " (quick version)" if self.quick else ""
        lines = line_numbers(text)
        at = ("quick", "claims") if self.quick and ("quick", "claims", 0) in lines else ("claims",)
        return self.claim_items(recipe.questions.claims, lines, at)

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

    def require(self, item: ClaimsItem) -> None:
        """Have the recipe trained, so that a run that goes wrong is an error, and no claim refuted."""
        trained = self.trained
        if trained.code == ExitCode.ENVIRONMENT:
            self.lacking(trained.said.removeprefix("error: "))
        if trained.report is None or trained.code != ExitCode.DONE:
            fail(f"the run ended with code {trained.code}\n{trained.said}\n{item.remark()}")

    @property
    def report(self) -> dict[str, Any]:
        """The run's report, which `require` has made sure of."""
        assert self.trained.report is not None
        return self.trained.report

    @property
    def run(self) -> str:
        """The run's folder."""
        return self.trained.folder


def fail(what: str) -> NoReturn:
    """Fail with a text alone."""
    pytest.fail(printable(what), pytrace=False)


def _names(claims: Sequence[Claim]) -> list[str]:
    """What the claims say, in English and in one line; what is said twice is numbered, and nothing looks like a node's id."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for claim in claims:
        name = one_line(" ".join(said(claim.says).split())).replace("::", ":")
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


class ClaimsItem(pytest.Item):
    """Something that a report shows."""

    parent: ClaimsFile

    @classmethod
    def of(cls, file: ClaimsFile, name: str, line: int) -> ClaimsItem:
        """An item about one line of a file."""
        item: ClaimsItem = cls.from_parent(file, name=name)
        item.stash[LINE], item.stash[TRAINED] = line, file.are_trained
        return item

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        """Where it stands, counted from 0."""
        return self.path, self.stash[LINE] - 1, self.name

    def setup(self) -> None:
        """Have the report made, so that what goes wrong there is an error, and no claim refuted."""
        self.parent.require(self)

    def remark(self) -> str:
        """Where it stands, and what shows the report."""
        place = f"{self.path}:{self.stash[LINE]}"
        return f"{place}\nsee the run by: {command('table', self.parent.run)}"


class ClaimItem(ClaimsItem):
    """One claim: confirmed passes, refuted fails, undecided is skipped.

    It is judged among all claims of the file, whichever of them pytest was told to run.
    What the lecture says and data refutes is the lesson's result, no fault of the recipe: it fails as expected.
    """

    def runtest(self) -> None:
        """Judge the claim as the run's report does."""
        verdict = self.parent.report["claims"][self.stash[INDEX]]
        outcome, numbers, source = verdict["outcome"], printable(verdict["text"]), verdict["source"]
        self.user_properties += [("outcome", outcome), ("source", source), ("numbers", numbers)]
        is_strict = self.config.getoption("dlbench_strict")
        if outcome == "undecided" and not is_strict:
            pytest.skip(f"undecided: {numbers}")
        if outcome == "refuted" and source == "lecture" and not is_strict:
            pytest.xfail(f"the lecture's statement is refuted{self.parent.version}: {numbers}")
        if outcome != "confirmed":
            fail(f"{outcome}: {numbers}\n{self.name} ({source})\n{self.remark()}")


class RunItem(ClaimsItem):
    """A file that claims nothing: it passes if every trial has ended well."""

    def runtest(self) -> None:
        """Look for trials that have not."""
        report = self.parent.report
        rows = report["rows"] + [row for row in report["sweep"] if not row["is_chosen"]]
        bad = [_ends(row) for row in rows if row["trials"]["ok"] < row["trials"]["run"]]
        if bad:
            fail("\n".join([*bad, self.remark()]))


def _ends(row: dict[str, Any]) -> str:
    """`relu lr=3: of 5 trials 2 diverged`."""
    choice = "".join(f" {key}={value}" for key, value in row["choice"].items())
    counts = {key: count for key, count in row["trials"].items() if key not in {"run", "ok"}}
    told = ", ".join(f"{count} {key}" for key, count in counts.items())
    return f"{row['variant']}{choice}: of {row['trials']['run']} trials {told}"
