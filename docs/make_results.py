"""Write results/README.md: what full runs on real data gave, beside what the lecture and the papers say.

`make results`, or `python docs/make_results.py`; a test compares. Numbers come from results/reference alone; `lecture.toml` beside
this file has the lecture's and the papers' numbers, row by row, and explains the differences.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlbench.analysis.claims.verdict import ON_THESE_SAMPLES
from dlbench.measures.older_names import renamed
from dlbench.metrics.catalog import METRICS, split_step
from dlbench.metrics.format import value_format
from dlbench.words.outcomes import SIGNS

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "results" / "reference"
RECIPES = HERE.parent / "recipes"
PAGE = HERE.parent / "results" / "README.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)


def page() -> str:
    """The whole page as Markdown."""
    told = tomllib.loads((HERE / "lecture.toml").read_text(encoding="utf-8"))
    parts = [told["introduction"].strip(), overview(told["recipes"])]
    for section in told["sections"]:
        parts += [f"## {section['title']}", comparison(section["rows"]), grid(section.get("grid"))]
        parts.append(section["differences"].strip())
    parts += [told["claims"].strip(), *(claims_of(name) for name in told["recipes"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def overview(recipes: list[str]) -> str:
    """One line a recipe: how much was run, where, by which command, and how its claims came out."""
    lines = ["| recipe | trials | verdicts | trained on | command |", "|---|---|---|---|---|"]
    for name in recipes:
        report, environment = read(name, "report"), read(name, "environment")
        trials = sum(row["trials"]["run"] for row in report["sweep"] or report["rows"])
        counts = Counter(claim["outcome"] for claim in report["claims"])
        verdicts = ", ".join(f"{counts[outcome]} {outcome}" for outcome in SIGNS if counts[outcome])
        devices = ", ".join(sorted({device_of(own, environment) for own in environment["workers"].values()}))
        lines.append(
            f"| [{name}](reference/{name}/report.md) | {trials} | {verdicts} | {devices} | `{environment['command']}` |"
        )
    return "\n".join(lines)


def device_of(worker: dict[str, Any], environment: dict[str, Any]) -> str:
    """What a worker trained on, in words."""
    if worker["device"] == "cpu":
        return f"{environment['cores']} CPU cores"
    return str(worker.get("device_name", worker["device"]))


def comparison(rows: list[dict[str, Any]]) -> str:
    """The lecture's and the papers' numbers beside the measured ones."""
    lines = ["| lecture | what | theirs | here | recipe, variant |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['lecture']} | {row['what']} | {row['theirs']} | {measured(row)} | {row['recipe']}, {row['variant']} |"
        for row in rows
    ]
    return "\n".join(lines) if rows else ""


def grid(asked: dict[str, Any] | None) -> str:
    """A paper's table of percentages, beside each the measured one: rows and columns together name a variant."""
    if asked is None:
        return ""
    lines = ["| theirs, **here** | " + " | ".join(asked["columns"]) + " |", "|---" * (len(asked["columns"]) + 1) + "|"]
    for name, theirs in asked["rows"].items():
        cells = [
            f"{number}, **{percentage({**asked, 'variant': f'{name} {column}'})}**"
            for column, number in zip(asked["columns"], theirs, strict=True)
        ]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def percentage(row: dict[str, Any]) -> str:
    """A share of a kept report in %: the mean over the seeds and their deviation."""
    cell = cell_of(row)
    return "diverged" if cell is None else f"{100 * cell['mean']:.1f} ± {100 * cell['std']:.1f}"


def measured(row: dict[str, Any]) -> str:
    """A cell of a kept report: the mean over the seeds, their deviation and their number; of ensembles the interval."""
    if "members" in row:
        return of_ensemble(row)
    cell = cell_of(row)
    if cell is None:
        return "every seed diverged"
    name, _ = split_step(row["metric"])
    form = value_format(METRICS[name], cell["mean"])
    if METRICS[name].is_share:
        return f"{round(cell['mean'] * cell['n'])} of {cell['n']} seeds"
    spread = "" if cell["std"] is None else f" ± {cell['std']:{form}}"
    return f"{cell['mean']:{form}}{spread} (n={cell['n']})"


def of_ensemble(row: dict[str, Any]) -> str:
    """What so many members are together, with its 95 % interval."""
    for found in read(row["recipe"], "report")["ensembles"]["rows"]:
        if found["variant"] == row["variant"] and found["members"] == row["members"]:
            low, high = found[row["metric"]]["interval"]
            return f"{found[row['metric']]['mean']:.4f} [{low:.4f}, {high:.4f}]"
    raise LookupError(f"{row['recipe']} has no '{row['variant']}' of {row['members']}")


def cell_of(row: dict[str, Any]) -> dict[str, Any] | None:
    """The cell of a row's variant (and choice) and metric; `None` where no seed came to an end."""
    report = read(row["recipe"], "report")
    wanted: dict[str, Any] = row.get("choice", {})
    for found in [*report["rows"], *report["sweep"]]:
        if found["variant"] == row["variant"] and wanted.items() <= found["choice"].items():
            if not found["trials"].get("ok") and found["trials"].get("diverged"):
                return None
            cell: dict[str, Any] = renamed(found["cells"])[row["metric"]]
            return cell
    raise LookupError(f"{row['recipe']} has no '{row['variant']}' {wanted or ''}")


def claims_of(name: str) -> str:
    """Every claim of a recipe with its verdict and the numbers that say it."""
    return "\n".join([f"### {name}", "", *_claim_lines(name)])


def _claim_lines(name: str) -> Iterator[str]:
    seeds = "fresh seeds" if has_fresh_seeds(name) else "same seeds"
    for claim in read(name, "report")["claims"]:
        scope = ON_THESE_SAMPLES if claim.get("on_these_samples") else ""
        source = f"measured, {seeds}" if claim["source"] == "measured" else claim["source"]
        yield f"- {SIGNS[claim['outcome']]} **{claim['outcome']}{scope}** ({source}): {claim['says']}<br>{claim['text']}"
    yield from (f"- – **not judged**, newer than this run: {says}" for says in newer_claims(name))


def newer_claims(name: str) -> list[str]:
    """What a recipe claims of findings since its run was kept: of that no layers are left, by which they would be judged."""
    recipes = (RECIPES / f"{name}.toml", REFERENCE / name / "recipe.toml")
    ours, kept = (tomllib.loads(path.read_text(encoding="utf-8"))["claims"] for path in recipes)
    told = {claim["says"]["en"]: claim for claim in ours if "finds" in claim or claim.get("finds_none")}
    return [says for says in told if says not in {claim["says"]["en"] for claim in kept}]


def has_fresh_seeds(name: str) -> bool:
    """Whether a recipe's kept run is of other seeds than those that suggested its measured claims, which began with 0."""
    recipe = tomllib.loads((REFERENCE / name / "recipe.toml").read_text(encoding="utf-8"))
    seeds = recipe["trials"]["seeds"]
    return isinstance(seeds, list) and 0 not in seeds


def read(recipe: str, what: str) -> dict[str, Any]:
    """One of the JSON files that are kept of a recipe's run."""
    content: dict[str, Any] = json.loads((REFERENCE / recipe / f"{what}.json").read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    main()
