"""`python -m benchmarks.coverage`: simulate, and print how often what is said of seeds holds."""

from __future__ import annotations

from math import sqrt
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.coverage import advice, differences, failures, families, means, samples, search, shares
from benchmarks.coverage.row import SEEDS, Effort, Row, Simulation

SIMULATIONS: dict[str, Simulation] = {
    "differences": differences.simulate,
    "claims": families.simulate,
    "shares": shares.simulate,
    "means": means.simulate,
    "failures": failures.simulate,
    "advice": advice.simulate,
    "samples": samples.simulate,
    "search": search.simulate,
}
DRAWS, QUICK_DRAWS = 4000, 40


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"Simulations: {', '.join(SIMULATIONS)}.")] = None,
    draws: Annotated[int, typer.Option(min=4, help="Runs that are simulated of each kind.")] = DRAWS,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Few runs: does it work at all?")] = False,
) -> None:
    """Simulate what is compared and claimed, and print how often it is wrong: by the usual method, and by dlbench's."""
    names = only or list(SIMULATIONS)
    if unknown := [name for name in names if name not in SIMULATIONS]:
        raise typer.BadParameter(f"no {', '.join(unknown)}; there are {', '.join(SIMULATIONS)}", param_hint="--only")
    effort = Effort(QUICK_DRAWS if quick else draws)
    console = Console(width=140)
    for name in names:
        console.print(table(list(SIMULATIONS[name](effort))))
    error = 2 * sqrt(0.05 * 0.95 / effort.draws)
    console.print(
        f"{effort.draws:,} runs of each kind: what is 5 % is printed as 5 % ± {100 * error:.1f} %, shares are exact; "
        "of test samples there are half as many, of advice a quarter"
    )


def table(rows: list[Row]) -> Table:
    """The rows under each other, a matter said once."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("matter", "setting", "promised"):
        grid.add_column(title, overflow="fold")
    for title in (f"before, n = {', '.join(map(str, SEEDS))}", f"now, n = {', '.join(map(str, SEEDS))}"):
        grid.add_column(title, justify="right", no_wrap=True)
    last = ""
    for row in rows:
        grid.add_row(
            "" if row.matter == last else row.matter, row.setting, row.promise, _told(row.before), _told(row.after)
        )
        last = row.matter
    return grid


def _told(chances: tuple[float, ...] | None) -> str:
    return "" if chances is None else "  ".join(f"{100 * chance:4.1f} %" for chance in chances)


if __name__ == "__main__":
    typer.run(main)
