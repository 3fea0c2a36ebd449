"""`python -m benchmarks.compare_checkouts BEFORE AFTER`: train with both, ask both, print what differs."""

from __future__ import annotations

import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.compare_checkouts.checkout import Case, Checkout, TrainingError
from benchmarks.compare_checkouts.compare import Difference, Found, Kind, Rules, wordings
from benchmarks.compare_checkouts.values import Renames
from benchmarks.compare_checkouts.views import LEFT_OUT, OF_RECIPES, OF_RUNS, UNSAID, of_recipe, of_run

IN_FULL = "xor-nine-layers"
"""The recipe of `make demo`, which is compared in full too."""

MOST = 20
"""How many differences of one view are told."""


def main(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    before: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A checkout whose values are right.")],
    after: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The checkout to compare with it.")],
    recipes: Annotated[list[str] | None, typer.Option(help="Only these recipes: all that BEFORE ships.")] = None,
    renamed: Annotated[list[str] | None, typer.Option(help="What is called otherwise: old=new.")] = None,
    new: Annotated[list[str] | None, typer.Option(help="Where AFTER may have more: '*/rmse', 'columns/rmse*'.")] = None,
    changes: Annotated[
        Path | None, typer.Option(help="A TOML file with both, and with new_texts: patterns of new notes.")
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Where runs stay, by commit; those there are not repeated.")] = None,
    python: Annotated[str, typer.Option(help="The interpreter for both.")] = sys.executable,
    jobs: Annotated[int, typer.Option(min=1, help="Recipes at once.")] = 1,
    *,
    old_runs: Annotated[
        bool, typer.Option("--old-runs", help="AFTER trains nothing, and reads BEFORE's runs.")
    ] = False,
    words: Annotated[bool, typer.Option("--words", help="Other words for the same numbers differ too.")] = False,
) -> None:
    """Train BEFORE's recipes with both checkouts, and compare what they say of these runs, value by value.

    Three ways: each of its own run, AFTER of BEFORE's run, and both of the recipe. Ends with 1 where anything differs.
    """
    known = tomllib.loads(changes.read_text(encoding="utf-8")) if changes else {}
    renames = Renames(known.get("renamed", {}) | names_of(renamed or []))
    more = (*known.get("new", ()), *(new or ()))
    rules = Rules(renames, LEFT_OUT, UNSAID, more, tuple(known.get("new_texts", ())), words=words)
    began, founds = time.monotonic(), list[Found]()
    with tempfile.TemporaryDirectory(prefix="dlbench-compare-") as place:
        old, young = (checked(folder, python, keep or Path(place)) for folder in (before, after))
        cases = cases_of(recipes or old.recipes())
        with ThreadPoolExecutor(jobs) as threads:
            for case, found in zip(
                cases, threads.map(partial(compared, old, young, rules, is_trained=not old_runs), cases), strict=True
            ):
                print(told(case, found), flush=True)
                founds += found.values()
    took = time.monotonic() - began
    print(*summary(founds), f"{old.commit} and {young.commit}: {len(cases)} cases, {took:.0f} s", sep="\n")
    raise typer.Exit(1 if any(found.differences for found in founds) else 0)


def checked(folder: Path, python: str, keep: Path) -> Checkout:
    """The checkout of a folder; raises BadParameter unless its own dlbench is what the interpreter imports there."""
    checkout = Checkout(folder.resolve(), python, keep.resolve())
    if not (imported := checkout.imports()).startswith(f"{checkout.folder}/"):
        raise typer.BadParameter(f"in {folder}, {python} imports {imported or 'no dlbench'}")
    return checkout


def names_of(options: Sequence[str]) -> dict[str, str]:
    """Old name -> new name of every `old=new`; raises BadParameter for what is none."""
    pairs = [option.partition("=") for option in options]
    if wrong := next((old for old, equals, _ in pairs if not equals), None):
        raise typer.BadParameter(f"{wrong} is not of the form old=new", param_hint="--renamed")
    return {old.strip(): new.strip() for old, _, new in pairs}


def cases_of(recipes: Sequence[str]) -> list[Case]:
    """Every recipe in its quick version, and that of `make demo` in full before them."""
    return [Case(name, is_quick=False) for name in recipes if name == IN_FULL] + list(map(Case, recipes))


def compared(before: Checkout, after: Checkout, rules: Rules, case: Case, *, is_trained: bool) -> dict[str, Found]:
    """What was found of a case, by what was compared; raises TrainingError where BEFORE cannot train it."""
    run = before.run_of(case)
    known, old = of_run(before, run), of_run(after, run)
    same_run = replace(rules, left_out={}, unsaid={})
    found = {f"{name}, old run": view.compare(known[name], old[name], same_run) for name, view in OF_RUNS.items()}
    known |= of_recipe(before, case, run)
    said = of_recipe(after, case, run)
    try:
        said |= of_run(after, after.run_of(case)) if is_trained else {}
    except TrainingError as error:
        found["run"] = Found(differences=[Difference(Kind.CHANGED, (str(case),), "trained", str(error))])
    views = ((name, view) for name, view in (OF_RECIPES | OF_RUNS).items() if name in said and not view.is_dated)
    return found | {name: view.compare(known[name], said[name], rules) for name, view in views}


def told(case: Case, found: dict[str, Found]) -> str:
    """One line of a case, and one of every difference, the first `MOST` of each view."""
    lines = [f"{case}: {_counts(list(found.values()))}"]
    for view, side in found.items():
        lines += [f"  {view}: {one}" for one in side.differences[:MOST]]
        lines += [f"  {view}: and {more:,} more"] if (more := len(side.differences) - MOST) > 0 else []
    return "\n".join(lines)


def summary(founds: Sequence[Found]) -> Iterator[str]:
    """What was reworded, what was left out and why, and the counts of all cases together."""
    reworded = wordings([one for found in founds for one in found.reworded])
    for (old, new), times in reworded.most_common():
        yield f"reworded, {times} times: {old}\n  -> {new}"
    yield from (f"left out: {pattern}, {reason}" for pattern, reason in (LEFT_OUT | UNSAID).items())
    yield f"all: {_counts(founds)}"


def _counts(founds: Sequence[Found]) -> str:
    kinds = Counter(one.kind for found in founds for one in found.differences)
    differing = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items()) or "none differ"
    agree, new, left_out = (sum(getattr(one, name) for one in founds) for name in ("agree", "allowed", "left_out"))
    reworded = sum(len(one.reworded) for one in founds)
    return f"{agree:,} values agree, {differing}; {reworded:,} reworded, {new:,} new as allowed, {left_out:,} left out"


if __name__ == "__main__":
    typer.run(main)
