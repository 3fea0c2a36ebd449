"""What remedies have done, in words and as data, wherever the results of a run that tries them are told."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dlbench.run.tried import TriedRemedies, tried_in

if TYPE_CHECKING:
    from dlbench.analysis.remedy_outcomes import RemedyOutcome
    from dlbench.analysis.statistics.intervals import Summary
    from dlbench.analysis.summary import Report
    from dlbench.run.folder import RunFolder


def remedies_text(report: Report, folder: RunFolder, *, ascii_only: bool) -> str:
    """What the remedies of a run have done, as wide as the terminal; empty of a run that tries none."""
    tried = tried_in(folder)
    if tried is None:
        return ""
    from dlbench.analysis.remedy_outcomes import outcomes_of
    from dlbench.cli.output import as_text, has_color
    from dlbench.text.blocks import Terminal
    from dlbench.text.remedies import render_mended, toml_of

    terminal = Terminal(shutil.get_terminal_size().columns, has_color(), ascii_only, "en")
    told = [f"Remedies for {tried.run}"]
    for one in outcomes_of(report.state, report.findings, tried):
        told += ["", as_text(render_mended(one, tried, terminal))]
        if one.best is not None:  # not folded, since it is pasted
            told += ["As a variant of the recipe:", "", terminal.plain(toml_of(one.best, tried))]
    return "\n".join(told)


def remedies_data(report: Report, tried: TriedRemedies, run: str) -> dict[str, Any]:
    """The same as plain data: by variant its remedies, the best first, and those that were not tried; `run` is where they were."""
    from dlbench.analysis.remedy_outcomes import outcomes_of
    from dlbench.text.remedies import toml_of

    return {
        "run": run,
        "of": tried.run,
        "metric": tried.metric,
        "variants": [
            {
                "variant": one.sick.of,
                "baseline": one.sick.variant,
                "findings": one.sick.kinds,
                "value": _summary(one.value),
                "lost": one.lost,
                "seeds": one.seeds,
                "remedies": [_outcome(own) for own in one.remedies],
                "untried": untried_data(tried, one.sick.variant),
                "best": None if one.best is None else one.best.tried.remedy,
                "toml": None if one.best is None else toml_of(one.best, tried),
            }
            for one in outcomes_of(report.state, report.findings, tried)
        ],
    }


def untried_data(tried: TriedRemedies, baseline: str) -> list[dict[str, str]]:
    """The remedies of a baseline that were not trained, each with the reason."""
    own = (one for one in tried.untried if one.baseline == baseline)
    return [{"name": one.remedy, "says": one.says, "why": one.why} for one in own]


def _outcome(one: RemedyOutcome) -> Mapping[str, Any]:
    return {
        "name": one.tried.remedy,
        "variant": one.tried.variant,
        "for": one.tried.kinds,
        "set": one.tried.set,
        "says": one.tried.says,
        "value": _summary(one.value),
        "difference": _summary(one.difference),
        "better": one.is_better,
        "outcome": {"confirmed": "better", "refuted": "worse"}.get(str(one.outcome), "undecided"),
        "p_holm": one.p,
        "gone": one.is_gone,
        "still": one.still,
        "of": one.n,
        "new": list(one.new),
        "lost": one.lost,
    }


def _summary(value: Summary) -> dict[str, Any]:
    interval = value.interval
    return {"n": value.n, "mean": value.mean, "interval": None if interval is None else [interval.low, interval.high]}
