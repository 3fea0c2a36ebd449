"""Findings as plain data: by trial, and by variant in how many of its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dlbench.analysis.diagnosis.finding import SEVERITIES, Finding
from dlbench.analysis.diagnosis.rules.ending import OUTSIDE
from dlbench.analysis.interventions import named
from dlbench.state.run_state import RunState
from dlbench.state.trial_state import TrialState


def findings_as_data(
    state: RunState, findings: Mapping[int, Sequence[Finding]], everyone: Sequence[TrialState] = ()
) -> dict[str, list[dict[str, Any]]]:
    """`trials` with their `findings`, and `variants` (and choices of a search) with theirs.

    They are those of `everyone`, whether anything was found or not; without it those of the run that have findings. Of a variant
    each kind is told once, in the words of the trial where it is worst and began first, with `seeds` that have it `of` so many.
    That a worker failed, or that someone ended a trial, is no finding of the net: `rows` of a table count these.
    """
    own = {index: [one for one in found if one.kind not in OUTSIDE] for index, found in findings.items()}
    trials = everyone or [trial for trial in state.trials if own.get(trial.index)]
    told = [
        {**named(trial), "findings": [finding_as_data(one, trial) for one in own.get(trial.index, ())]}
        for trial in trials
    ]
    asked = {trial.plan.candidate for trial in trials}
    of: dict[int, list[TrialState]] = {}
    for trial in everyone or state.trials:
        of.setdefault(trial.plan.candidate, []).append(trial)
    variants = [
        {
            "variant": state.plan.candidates[candidate].variant,
            "choice": state.plan.candidates[candidate].choice,
            "findings": _shared(seeds, own),
        }
        for candidate, seeds in sorted(of.items())
        if candidate in asked
    ]
    return {"trials": told, "variants": variants}


def finding_as_data(one: Finding, trial: TrialState) -> dict[str, Any]:
    """A finding as plain data, its layers by their names."""
    return {
        "kind": one.kind,
        "severity": one.severity,
        "layers": [trial.layers[layer].name for layer in one.layers],
        "since": one.since,
        "until": one.until,
        "evidence": dict(one.evidence),
        "says": one.says,
        "because": one.because,
        "refuted_by": one.refuted_by,
        "remedies": [{"name": own.name, "set": dict(own.set), "says": own.says} for own in one.remedies],
    }


def _shared(trials: Sequence[TrialState], findings: Mapping[int, Sequence[Finding]]) -> list[dict[str, Any]]:
    of_kind: dict[str, dict[int, tuple[Finding, TrialState]]] = {}
    for trial in trials:
        for one in findings.get(trial.index, ()):
            own = of_kind.setdefault(one.kind, {})
            if trial.index not in own or one.since < own[trial.index][0].since:
                own[trial.index] = (one, trial)
    return [{**_worst(list(own.values())), "of": len(trials)} for own in of_kind.values()]


def _worst(own: Sequence[tuple[Finding, TrialState]]) -> dict[str, Any]:
    """One kind of the seeds of a variant, in the words of the worst, and of these of the first.

    Where any has an alarm or a warning, those with a note alone are not among its `seeds`.
    """
    counted = [pair for pair in own if pair[0].severity != "note"] or own
    worst = min(counted, key=lambda pair: (SEVERITIES.index(pair[0].severity), pair[0].since))
    return {**finding_as_data(*worst), "seeds": len(counted)}
