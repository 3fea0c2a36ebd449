"""Write the record of the diagnosis into docs/diagnosis.md: `python docs/make_record.py`, ten minutes at most.

With a file it takes what `dlbench diagnose --self-test --json` has printed there, and trains nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("diagnosis.md")
BEGIN, END = "<!-- the record begins -->\n", "<!-- the record ends -->\n"
COMMAND = [sys.executable, "-m", "dlbench", "diagnose", "--self-test", "--json"]
PARTS = {"tuning": "tuning", "held_out": "held out", "all": "all"}


def share(data: dict[str, Any]) -> str:
    """`32 of 68, 0.47`; a dash of nothing."""
    return "-" if data["share"] is None else f"{data['count']} of {data['of']}, {data['share']:.2f}"


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    lines = [list(headings), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def scores(record: dict[str, Any]) -> str:
    """The figures of each part, then those of each kind, tuning and held out beside each other."""
    parts = [
        [PARTS[name], str(own["scenarios"]), *(share(own[key]) for key in ("recall", "precision", "false_alarms"))]
        for name, own in record["scores"].items()
    ]
    headings = ["part", "scenarios", "sick trials named", "findings right", "healthy trials with a finding"]
    return f"{table(headings, parts)}\n{kinds(record['scores'])}"


def kinds(found: dict[str, Any]) -> str:
    """The recall and the precision of each kind, by part."""
    by_kind = {part: {own["kind"]: own for own in found[part]["kinds"]} for part in ("tuning", "held_out")}
    nothing = {"count": 0, "of": 0, "share": None}
    rows = []
    for own in found["all"]["kinds"]:
        both = [by_kind[part].get(own["kind"], {}) for part in by_kind]
        shares = [share(one.get(key, nothing)) for key in ("recall", "precision") for one in both]
        rows.append([f"`{own['kind']}`", *shares])
    return table(["kind", "named, tuning", "named, held out", "right, tuning", "right, held out"], rows)


def labels(record: dict[str, Any]) -> str:
    """What the nets of each family do: the metric of each scenario with each seed, and the target between sick and healthy."""
    rows = []
    for family, own in groupby(record["trials"], key=lambda one: one["family"]):
        trials = list(own)
        part = " (held out)" if trials[0]["held_out"] else ""
        cells = [values(one for one in trials if one["sick"] == sick) for sick in (False, True)]
        rows.append([f"{family}{part}", f"`{trials[0]['metric']}` {trials[0]['target']}", *cells])
    return table(["family", "target", "healthy", "sick"], rows)


def values(trials: Iterable[dict[str, Any]]) -> str:
    """`digits-sgd 0.961, 0.964`, a line a scenario."""
    return "<br>".join(
        f"`{name}` {', '.join('diverged' if one['value'] is None else format(one['value'], '.3g') for one in own)}"
        for name, own in groupby(trials, key=lambda one: one["scenario"])
    )


def main() -> None:
    """Put the record between the marks of the page."""
    files = sys.argv[1:]
    text = Path(files[0]).read_bytes() if files else subprocess.run(COMMAND, check=True, stdout=subprocess.PIPE).stdout
    record = json.loads(text)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page = f"{scores(record)}\n### What the scenarios do\n\n{labels(record)}"
    PAGE.write_text(f"{before}{BEGIN}\n{page}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
