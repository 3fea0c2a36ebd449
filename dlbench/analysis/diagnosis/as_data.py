"""Findings as plain data: by trial, and by variant in how many of its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlbench.analysis.diagnosis.finding import Finding
from dlbench.analysis.interventions import named
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState


def findings_as_data(state: RunState, findings: Mapping[int, Sequence[Finding]]) -> dict[str, list[dict[str, Any]]]:
    """`trials` with their `findings`, those alone that have some; `variants` (and choices of a search) with theirs.

    Of a variant each kind is told once, in the words of the trial where it began first, with `seeds` that have it `of` so many.
    """
    trials = [
        {**named(state.trials[index]), "findings": [_data(one, state.trials[index]) for one in found]}
        for index, found in findings.items()
    ]
    of: dict[int, list[TrialState]] = {}
    for trial in state.trials:
        of.setdefault(trial.plan.candidate, []).append(trial)
    variants = [
        {
            "variant": state.plan.candidates[candidate].variant,
            "choice": state.plan.candidates[candidate].choice,
            "findings": _shared(own, findings),
        }
        for candidate, own in sorted(of.items())
        if any(trial.index in findings for trial in own)
    ]
    return {"trials": trials, "variants": variants}


def _data(one: Finding, trial: TrialState) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "severity": one.severity,
        "layers": [trial.layers[layer].name for layer in one.layers],
        "since": one.since,
        "until": one.until,
        "evidence": dict(one.evidence),
        "says": one.says,
    }


def _shared(trials: Sequence[TrialState], findings: Mapping[int, Sequence[Finding]]) -> list[dict[str, Any]]:
    of_kind: dict[str, dict[int, tuple[Finding, TrialState]]] = {}
    for trial in trials:
        for one in findings.get(trial.index, ()):
            own = of_kind.setdefault(one.kind, {})
            if trial.index not in own or one.since < own[trial.index][0].since:
                own[trial.index] = (one, trial)
    firsts = [(min(own.values(), key=lambda pair: pair[0].since), len(own)) for own in of_kind.values()]
    return [{**_data(*first), "seeds": seeds, "of": len(trials)} for first, seeds in firsts]
