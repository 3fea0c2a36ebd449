"""`python -m benchmarks.coverage`: simulate, and print how often what is said of seeds holds."""

from __future__ import annotations

from itertools import groupby
from math import sqrt
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.coverage import advice, differences, failures, families, looks, means, samples, search, shares
from benchmarks.coverage.row import Effort, Row, Simulation

SIMULATIONS: dict[str, Simulation] = {
    "differences": differences.simulate,
    "claims": families.simulate,
    "shares": shares.simulate,
    "means": means.simulate,
    "failures": failures.simulate,
    "advice": advice.simulate,
    "samples": samples.simulate,
    "search": search.simulate,
    "looks": looks.simulate,
}
DRAWS, QUICK_DRAWS = 4000, 40
WIDE = 30
"""Characters from which a heading may be broken."""


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
        for _, rows in groupby(SIMULATIONS[name](effort), key=lambda row: row.columns):
            console.print(table(list(rows)))
    error = 2 * sqrt(0.05 * 0.95 / effort.draws)
    console.print(
        f"{effort.draws:,} runs of each kind: what is 5 % is printed as 5 % ± {100 * error:.1f} %, shares are exact; "
        "of test samples there are half as many, of advice and medians a quarter, of discrete looks a tenth"
    )


def table(rows: list[Row]) -> Table:
    """The rows under each other, a matter said once."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("matter", "setting", "promised"):
        grid.add_column(title, overflow="fold")
    for title in rows[0].columns:
        grid.add_column(title, justify="right", no_wrap=len(title) < WIDE)
    last = ""
    for row in rows:
        grid.add_row(
            "" if row.matter == last else row.matter,
            row.setting,
            row.promise,
            *(_told(row, of) for of in (row.before, row.after)),
        )
        last = row.matter
    return grid


def _told(row: Row, numbers: tuple[float, ...] | None) -> str:
    return "  ".join(f"{100 * one:4.1f} %" if row.is_chance else f"{one:4.0f}" for one in numbers or ())


if __name__ == "__main__":
    typer.run(main)
