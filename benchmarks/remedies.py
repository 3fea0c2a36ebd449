"""`python -m benchmarks.remedies`: of the remedies of the sick scenarios, how many take the finding away and make the net better.

The scenarios are those of `dlbench diagnose --self-test`. Each group of them is trained by `dlbench run`, then by `dlbench try`, in a
temporary folder. A remedy *mends* where the finding that it is for is gone in every seed, and the metric that is compared is better
on average. Counted are the remedies that a finding names first, all that were tried, and the variants that any remedy mends.
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
from typing import Annotated, Any

import tomli_w
import typer

from dlbench.run.folder import RunFolder
from dlbench.run.tried import tried_in
from dlbench.self_test.catalogue import Scenario, chosen, recipe_of
from dlbench.self_test.tables import write

Remedy = dict[str, Any]


def main(
    *,
    group: Annotated[list[str] | None, typer.Option(help="Only scenarios of this file; can be repeated.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only scenarios that accept this kind; can be repeated.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Seeds of each scenario.")] = 2,
    failures: Annotated[bool, typer.Option(help="Also name the remedies that do not mend.")] = False,
) -> None:
    """Train the sick scenarios, then each of their remedies, and print the shares that mend."""
    wanted = [one for one in chosen() if one.is_sick and (not group or one.group in group)]
    wanted = [one for one in wanted if not kind or {*kind} & {*one.accepts}]
    found: list[tuple[str, list[Remedy]]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, own in groupby(wanted, key=lambda one: one.group):
            found += tried(name, list(own), seeds, Path(folder))
    tell(found, len(wanted), failures=failures)


def tried(group: str, scenarios: Sequence[Scenario], seeds: int, folder: Path) -> Iterator[tuple[str, list[Remedy]]]:
    """The sick variants of a group with their remedies, in the order in which findings name them."""
    document = recipe_of(group, scenarios, range(seeds))
    data = [document["data"], *(one.get("data", {}) for one in document["variants"].values())]
    write({one["path"] for one in data if "path" in one}, folder)
    (folder / f"{group}.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
    print(f"{group}: {len(scenarios)} scenarios", file=sys.stderr, flush=True)
    printed(folder, "run", f"{group}.toml", "--display", "none")
    told = json.loads(printed(folder, "try", group, "--json"))
    if told["run"] is None:
        return
    question = tried_in(RunFolder(folder / "results" / told["run"]))
    order = {one.variant: place for place, one in enumerate(question.tried if question else ())}
    for variant in told["variants"]:
        if variant["remedies"]:
            yield variant["variant"], sorted(variant["remedies"], key=lambda one: order[one["variant"]])


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


def tell(found: Sequence[tuple[str, Sequence[Remedy]]], scenarios: int, *, failures: bool) -> None:
    """Print the shares, and of each remedy how often it mends."""
    every = [one for _, own in found for one in own]
    firsts = [own[0] for _, own in found]
    print(f"{scenarios} sick scenarios, {len(found)} with remedies that were tried")
    for text, some in (("named first", firsts), ("all", every)):
        print(f"remedies, {text}: {share([mends(one) for one in some])} mend", end="")
        print(f" (gone {share([one['gone'] for one in some])}, better {share([one['better'] for one in some])})")
    print(f"scenarios that a remedy mends: {share([any(map(mends, own)) for _, own in found])}")
    tries, good = Counter(one["name"] for one in every), Counter(one["name"] for one in every if mends(one))
    for name, count in tries.most_common():
        print(f"  {name}: {good[name]} of {count}")
    for scenario, own in found if failures else ():
        for one in own:
            if not mends(one):
                gone = "gone" if one["gone"] else f"still in {one['still']} of {one['of']}"
                print(f"  - {scenario}, {one['name']} ({', '.join(one['for'])}): {gone}, better: {one['better']}")


def share(marks: Sequence[bool]) -> str:
    """`12 of 15, 0.80`."""
    return f"{sum(marks)} of {len(marks)}, {sum(marks) / len(marks):.2f}" if marks else "0 of 0"


if __name__ == "__main__":
    typer.run(main)
