"""What is asked of a checkout: every table and export of a run, and what it says of a recipe before training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.compare_checkouts.checkout import Case, Checkout, Said
from benchmarks.compare_checkouts.compare import Found, Rules, compare
from benchmarks.compare_checkouts.values import PARSERS, Literal, Renames, Values, flat

LEFT_OUT: Mapping[str, str] = {
    "*/*seconds*": "how long training took, which no two trainings have in common",
    "path": "where a checkout lies",
}
"""Values that two trainings of the same thing need not share, and why."""

ENDED: tuple[tuple[str, ...], ...] = (("exit code",), ("stderr",))
"""How a command ended, and what it said about that."""


@dataclass(frozen=True)
class View:
    """A verb and its options, and the form of what it prints."""

    arguments: tuple[str, ...]
    form: str
    is_dated: bool = False
    """Whether times stand in it where no name tells them apart: then only the same run is compared by it."""

    def values(self, said: Said, renames: Renames | None = None) -> Values:
        """What was printed, as values; of a command that failed, how it ended."""
        if said.code:
            return dict(zip(ENDED, (Literal(said.code), said.errors.strip()), strict=True))
        return {ENDED[0]: Literal(0), **flat(PARSERS[self.form](said.out), renames)}

    def compare(self, before: Said, after: Said, rules: Rules) -> Found:
        """What differs between two answers; where only one command failed, that and nothing else."""
        old, new = self.values(before, rules.renames), self.values(after)
        if before.code != after.code:
            old, new = ({path: value for path, value in side.items() if path in ENDED} for side in (old, new))
        return compare(old, new, rules)


OF_RUNS: dict[str, View] = {
    "table --json": View(("table", "--json"), "json"),
    "table": View(("table",), "lines", is_dated=True),
    "table --ascii": View(("table", "--ascii"), "lines", is_dated=True),
    "table --lang ko": View(("table", "--lang", "ko"), "lines", is_dated=True),
    "export csv": View(("export", "--format", "csv"), "csv"),
    "export trials": View(("export", "--format", "trials"), "csv"),
    "export ensembles": View(("export", "--format", "ensembles"), "csv"),
    "export json": View(("export", "--format", "json"), "json"),
    "export markdown": View(("export", "--format", "markdown"), "markdown"),
}
"""What is asked of a run. Formats that only the newer checkout has are compared with nothing."""

OF_RECIPES: dict[str, View] = {
    "show --json": View(("show", "--json"), "json"),
    "probe --json": View(("probe", "--json", "--device", "cpu"), "json"),
}
"""What is asked of a recipe: settings, nets and parameters; every layer's measures and their judgement at the first step."""


def of_recipe(code: Checkout, case: Case, run: Path) -> dict[str, Said]:
    """What a checkout says of its own recipe; kept beside a run of it."""
    commands = [[*view.arguments, *case.arguments] for view in OF_RECIPES.values()]
    return dict(zip(OF_RECIPES, code.says(commands, run), strict=True))


def of_run(code: Checkout, run: Path) -> dict[str, Said]:
    """What a checkout says of a run, whoever trained it."""
    commands = [[*view.arguments, str(run)] for view in OF_RUNS.values()]
    return dict(zip(OF_RUNS, code.says(commands, run), strict=True))
