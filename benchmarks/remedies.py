"""`python -m benchmarks.remedies`: of the remedies of the sick scenarios, how many take the finding away and make the net better.

The scenarios are those of `dlbench diagnose --self-test`. Those of one file and one target are trained by `dlbench run`, then by
`dlbench try`, in a temporary folder; what is compared is the metric of their target. A remedy *mends* where the finding that it is for
is gone in every seed, and the metric is better on average; it *cures* where the mean over the seeds reaches the target of the healthy
ones, too. Counted are the remedies that a finding names first, all that were tried, and the scenarios that any remedy mends; of the
families that remedies were chosen by, and of those that are held out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tomli_w
import typer

from dlbench.run.folder import RunFolder
from dlbench.run.tried import tried_in
from dlbench.self_test.catalogue import Scenario, chosen, recipe_of
from dlbench.self_test.tables import write

Remedy = dict[str, Any]
ALONE = ("--threads", "1")
"""Threads of a worker: two that wait for each other make it ten times as slow where the cores are busy."""


class Tried(NamedTuple):
    """A scenario, and what came of each of its remedies, the first-named first."""

    scenario: Scenario
    remedies: list[Remedy]


def main(
    *,
    group: Annotated[list[str] | None, typer.Option(help="Only scenarios of this file; can be repeated.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only scenarios that accept this kind; can be repeated.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Seeds of each scenario.")] = 2,
    failures: Annotated[bool, typer.Option(help="Also name the remedies that do not mend.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the runs here; those that are here already are told again, not trained.")
    ] = None,
) -> None:
    """Train the sick scenarios, then each of their remedies, and print the shares that mend."""
    wanted = [one for one in chosen() if one.is_sick and (not group or one.group in group)]
    wanted = [one for one in wanted if not kind or {*kind} & {*one.accepts}]
    found: list[Tried] = []
    with tempfile.TemporaryDirectory() as temporary:
        for key, own in groupby(sorted(wanted, key=_question), key=_question):
            found += tried(*key, list(own), seeds, folder or Path(temporary))
    for text, held_out in (("families that remedies were chosen by", False), ("held-out families", True)):
        if some := [one for one in found if one.scenario.held_out is held_out]:
            tell(text, some, sum(one.held_out is held_out for one in wanted))
    tell("all", found, len(wanted))
    tell_names(found)
    if failures:
        tell_failures(found)


def _question(one: Scenario) -> tuple[str, str]:
    return one.group, one.target.metric


def tried(group: str, metric: str, scenarios: Sequence[Scenario], seeds: int, folder: Path) -> Iterator[Tried]:
    """The scenarios of a group and a metric with their remedies, in the order in which findings name them."""
    name, results = f"{group}-{metric}", folder / "results"
    print(f"{group}, {metric}: {len(scenarios)} scenarios", file=sys.stderr, flush=True)
    if not (results / name).is_dir():
        document = recipe_of(group, scenarios, range(seeds)) | {"name": name, "compare": {"metric": metric}}
        data = [document["data"], *(one.get("data", {}) for one in document["variants"].values())]
        write({one["path"] for one in data if "path" in one}, folder)
        (folder / f"{name}.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
        printed(folder, "run", f"{name}.toml", "--display", "none", *ALONE)
    again = f"{name}-try" if (results / f"{name}-try").is_dir() else name
    told = json.loads(printed(folder, "try", again, "--json", *ALONE))
    if told["run"] is None:
        return
    question = tried_in(RunFolder(folder / "results" / told["run"]))
    order = {one.variant: place for place, one in enumerate(question.tried if question else ())}
    of = {one.name: one for one in scenarios}
    for variant in told["variants"]:
        if variant["remedies"]:
            remedies = sorted(variant["remedies"], key=lambda one: order[one["variant"]])
            yield Tried(of[variant["variant"]], remedies)


def printed(folder: Path, *words: str) -> str:
    """What a command prints on stdout; trials that fail end no benchmark."""
    command = [sys.executable, "-m", "dlbench", *words]
    done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode > 1:
        raise SystemExit(done.returncode)
    return done.stdout


def mends(one: Remedy) -> bool:
    """Whether the finding is gone, and the net better on average."""
    return bool(one["gone"] and one["better"])


def tell(text: str, found: Sequence[Tried], scenarios: int) -> None:
    """Print the shares of some scenarios."""
    print(f"{text}: {scenarios} sick scenarios, {len(found)} with remedies that were tried")
    for name, some in (
        ("named first", [(one.scenario, one.remedies[0]) for one in found]),
        ("all", [(one.scenario, own) for one in found for own in one.remedies]),
    ):
        print(f"  remedies, {name}: {share([mends(one) for _, one in some])} mend", end="")
        print(f" (gone {share([one['gone'] for _, one in some])}, better {share([one['better'] for _, one in some])})")
        print(f"    as good as healthy ones: {share([cures(scenario, one) for scenario, one in some])}")
    print(f"  scenarios that a remedy mends: {share([any(map(mends, one.remedies)) for one in found])}")


def tell_names(found: Sequence[Tried]) -> None:
    """Print of each remedy how often it mends."""
    every = [own for one in found for own in one.remedies]
    tries, good = Counter(one["name"] for one in every), Counter(one["name"] for one in every if mends(one))
    for name, count in tries.most_common():
        print(f"  {name}: {good[name]} of {count}")


def tell_failures(found: Sequence[Tried]) -> None:
    """Print what has become of the remedies that do not mend."""
    for scenario, remedies in found:
        for one in remedies:
            if not mends(one):
                gone = "gone" if one["gone"] else f"still in {one['still']} of {one['of']}"
                told = f"{one['name']} ({', '.join(one['for'])})"
                print(f"  - {scenario.name}, {told}: {gone}, better: {one['better']}")


def cures(scenario: Scenario, one: Remedy) -> bool:
    """Whether the net is on average as good as the healthy ones of its family, and no seed is lost."""
    return mends(one) and not one["lost"] and scenario.target.is_reached(one["value"]["mean"])


def share(marks: Sequence[bool]) -> str:
    """`12 of 15, 0.80`."""
    return f"{sum(marks)} of {len(marks)}, {sum(marks) / len(marks):.2f}" if marks else "0 of 0"


if __name__ == "__main__":
    typer.run(main)
