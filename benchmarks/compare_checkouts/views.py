"""What is asked of a checkout: every table and export of a run, and what it says of a recipe before training."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.compare_checkouts.checkout import Case, Checkout, Said
from benchmarks.compare_checkouts.compare import Found, Rules, compare
from benchmarks.compare_checkouts.values import PARSERS, Literal, flat, renamed, texts, without

LEFT_OUT: dict[str, str] = {
    "*/*seconds*": "how long training took, which no two trainings have in common",
    "*/before it stopped": "of the last probe before an early stop, and probes are thinned out by what they cost of the time",
    "*/trial": "a hash of all settings, which may have a key more than before",
    "path": "where a checkout lies",
}
"""Values that two trainings of the same thing need not share, and why."""

UNSAID: dict[str, str] = {
    "*exploding gradient: *": "seen where a probe fell on it, and probes are thinned out by what they cost of the time",
}
"""Notes that one training has and another has not, and why."""


@dataclass(frozen=True)
class View:
    """A verb and its options, and the form of what it prints."""

    arguments: tuple[str, ...]
    form: str
    is_dated: bool = False
    """Whether times stand in it where no name tells them apart: then only the same run is compared by it."""

    def data(self, said: Said, unsaid: Collection[str]) -> dict[str, Any]:
        """What was printed, without the notes `unsaid`; of a command that failed, why it did."""
        printed = {"stderr": said.errors.strip()} if said.code else without(PARSERS[self.form](said.out), unsaid)
        return {"exit code": Literal(said.code), **printed}

    def compare(self, before: Said, after: Said, rules: Rules) -> Found:
        """What differs between two answers; where only one command failed, that and nothing else."""
        old, new = (self.data(said, rules.unsaid) for said in (before, after))
        new = without(new, rules.new_texts, list(texts(old)))
        if before.code != after.code:
            old, new = ({key: side[key] for key in side if key in {"exit code", "stderr"}} for side in (old, new))
        values = flat(new)
        return compare(renamed(old, rules.renames, values), values, rules)


OF_RUNS: dict[str, View] = {
    "table --json": View(("table", "--json"), "json"),
    "table": View(("table",), "lines", is_dated=True),
    "table --ascii": View(("table", "--ascii"), "lines", is_dated=True),
    "table --lang ko": View(("table", "--lang", "ko"), "lines", is_dated=True),
    "export csv": View(("export", "--format", "csv"), "csv"),
    "export trials": View(("export", "--format", "trials"), "trials"),
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
