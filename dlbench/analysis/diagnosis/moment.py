"""When a trial was first found to be ill in some way: a step that stays, unlike findings, which tell what holds now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dlbench.analysis.diagnosis.evidence import Marks, evidence_of, is_judged
from dlbench.analysis.diagnosis.rules import RULES, ProbeRule, TrainingRule

if TYPE_CHECKING:
    from dlbench.state.trial_state import TrialState


@dataclass(frozen=True)
class Moment:
    """The first step at which something was found, and for how long it held from there on."""

    step: int
    until: int | None = None
    """The last step at which it held without a break; `None` where it holds still."""
    layers: tuple[int, ...] = ()
    """Those that it is about, as rows of the probes."""
    ends: tuple[str, str] | None = None
    """The names of the first and the last layer with weights, where probes tell it."""
    evidence: Mapping[str, float] = field(default_factory=dict)
    """The numbers that it was told by."""


def first_moment(trial: TrialState, kind: str) -> Moment | None:
    """The first step at which a kind of finding held, whether it still does or not; `None` where it never has.

    Of rules that are held against probes it is the first of as many probes in a row as the rule asks for.
    """
    return min(_moments(trial, kind), key=lambda moment: moment.step, default=None)


def _moments(trial: TrialState, kind: str) -> Iterator[Moment]:
    for rule in RULES:
        if rule.kind != kind:
            continue
        if isinstance(rule, TrainingRule):
            continue  # what a whole training has come to is no step of it
        if not isinstance(rule, ProbeRule):
            yield from (Moment(found.since, found.until) for found in rule.finds(trial))
        elif (moment := _in_probes(trial, rule)) is not None:
            yield moment


def _in_probes(trial: TrialState, rule: ProbeRule) -> Moment | None:
    if not trial.probe_steps or not is_judged(trial) or not rule.applies(trial):
        return None
    probes, diverged = evidence_of(trial), trial.diverged_at
    holds = rule.holds(probes)
    if diverged is not None:
        holds = holds & (np.array(trial.probe_steps) < diverged)[:, np.newaxis]
    place = _first_streak(holds, rule.lasting)
    if place is None:
        return None
    begin, end = place
    layers = tuple(np.flatnonzero(holds[begin]).tolist())
    until = trial.probe_steps[end - 1] if end < len(trial.probe_steps) else None
    probe = probes.at(begin)
    return Moment(trial.probe_steps[begin], until, layers, probes.ends, rule.evidence(probe, layers))


def _first_streak(holds: Marks, lasting: int) -> tuple[int, int] | None:
    """From where to before where marks `[probes, layers]` first hold anywhere, so many probes in a row at least."""
    anywhere = np.logical_or.reduce(holds, axis=1).astype(np.int8)
    edges = np.flatnonzero(np.diff(anywhere, prepend=0, append=0)).reshape(-1, 2)
    return next(((int(begin), int(end)) for begin, end in edges if end - begin >= lasting), None)
