"""The record as plain data: every scenario with what was told of it, and the figures of each part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlbench.plan.finding_kinds import KINDS
from dlbench.self_test.scoring import Judged, Share, confusion, score, score_of_kinds

TUNING, HELD_OUT, ALL = "tuning", "held_out", "all"


def parts_of(found: Sequence[Judged]) -> dict[str, list[Judged]]:
    """The trials by part, the whole last; only parts that have some, and no whole of one part alone."""
    parts = {
        TUNING: [one for one in found if not one.trial.scenario.held_out],
        HELD_OUT: [one for one in found if one.trial.scenario.held_out],
    }
    there = {name: own for name, own in parts.items() if own}
    return {**there, ALL: list(found)} if len(there) > 1 else there


def record_as_data(found: Sequence[Judged]) -> dict[str, Any]:
    """`scores` by part, each with its `kinds` and `confusion`; `trials` with their labels and what was told of them."""
    return {
        "scores": {name: _scores(own) for name, own in parts_of(found).items()},
        "trials": [_trial(one) for one in found],
    }


def _scores(found: Sequence[Judged]) -> dict[str, Any]:
    whole = score(found)
    return {
        "scenarios": whole.scenarios,
        "recall": _share(whole.recall),
        "precision": _share(whole.precision),
        "false_alarms": _share(whole.false_alarms),
        "not_as_labelled": sum(not one.trial.is_as_labelled for one in found),
        "kinds": [
            {
                "kind": own.kind,
                "recall": _share(own.recall),
                "precision": _share(own.precision),
                "false_alarms": own.false_alarms,
            }
            for own in score_of_kinds(found, KINDS)
        ],
        "confusion": [
            {"expected": expected, "found": told, "trials": count}
            for (expected, told), count in sorted(confusion(found).items())
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    return {"count": share.count, "of": share.of, "share": share.value}


def _trial(one: Judged) -> dict[str, Any]:
    trial, scenario = one.trial, one.trial.scenario
    return {
        "scenario": scenario.name,
        "group": scenario.group,
        "family": scenario.family,
        "held_out": scenario.held_out,
        "sick": scenario.is_sick,
        "accepts": list(scenario.accepts),
        "also": list(scenario.also),
        "why": scenario.why,
        "seed": trial.seed,
        "status": trial.status,
        "metric": scenario.target.metric,
        "target": str(scenario.target),
        "value": trial.value,
        "as_labelled": trial.is_as_labelled,
        "named": list(one.named),
        "beside": list(one.beside),
        "wrong": list(one.wrong),
        "findings": [
            {"kind": own.kind, "severity": own.severity, "since": own.since, "says": own.says} for own in trial.findings
        ],
    }
