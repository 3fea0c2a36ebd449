"""How two runs differ: settings, data, environment, code and results, and what of it can explain the results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from dlbench.analysis.candidate_results import deciding_metric, is_settled, known_part
from dlbench.analysis.interventions import first_manual_change
from dlbench.analysis.statistics.intervals import Summary, paired_difference, summarize
from dlbench.analysis.statistics.unpaired import unpaired_difference
from dlbench.analysis.summary import questions_of, standing
from dlbench.plan import candidate_text
from dlbench.questions.agreement import Departure, agreement
from dlbench.questions.differences import Difference, differences
from dlbench.questions.surroundings import code_of, environment_of, recorded_environment

if TYPE_CHECKING:
    from dlbench.data_facts import DataFacts
    from dlbench.metrics.metric import Metric
    from dlbench.run.folder import RunFolder
    from dlbench.state.run_state import RunState
    from dlbench.state.trial_state import TrialState

Trials: TypeAlias = "dict[str, dict[int, TrialState]]"
"""The trials of a run by their candidate in words, and by their seed."""


@dataclass(frozen=True)
class ResultDifference:
    """What both runs have of one candidate: the metric's means, and how far they lie apart."""

    candidate: str
    first: Summary
    second: Summary
    difference: Summary
    """The second minus the first; of a ratio the quotient."""
    seeds: tuple[int, ...]
    """Those that both have with a number: the difference is of these pairs, or without any of two independent means."""
    compared: int
    """Seeds that both have."""
    same: int
    """Seeds among them whose every recorded number is the same in both runs."""
    departure: Departure | None
    """Where the first seed that is not the same parts."""
    departed_seed: int | None
    touched: tuple[int, ...]
    """Shared seeds that somebody changed or dropped by hand, in either run."""
    unfinished: tuple[int, ...]
    """Shared seeds that are not at their end in both."""

    @property
    def is_same(self) -> bool:
        """Whether there is nothing to explain: the same seeds, all numbers the same."""
        return self.compared > 0 and self.same == self.compared

    @property
    def is_paired(self) -> bool:
        """Whether the difference is of pairs of the same seed."""
        return len(self.seeds) > 0


@dataclass(frozen=True)
class RunDiff:
    """Two runs, and everything in which they differ."""

    first: str
    second: str
    metric: Metric
    only_first: list[str]
    """Candidates that the second run has not."""
    only_second: list[str]
    settings: dict[str, list[Difference]]
    """By candidate, of those that both have; without those that are the same."""
    data: dict[str, list[Difference]]
    seeds: dict[str, Difference]
    """By candidate, where the lists of seeds are others."""
    environment: list[Difference]
    code: list[Difference]
    results: list[ResultDifference]
    unknown: list[str] = field(default_factory=list)
    """What is not known of one run, and was therefore not compared."""

    @property
    def shared(self) -> list[str]:
        """The candidates that both runs have."""
        return [one.candidate for one in self.results]


def diff_runs(first: RunFolder, second: RunFolder) -> RunDiff:
    """Compare two runs, recorded loops too; candidates that have the same variant and choice are held against each other.

    Raises UsageError where a folder is no run, DlbenchError where one is damaged.
    """
    (ours, metric), (theirs, _) = _read(first), _read(second)
    mine, other = _by_candidate(ours), _by_candidate(theirs)
    shared = [name for name in mine if name in other]
    envs = recorded_environment(first), recorded_environment(second)
    pairs = {name: (_any(mine[name]), _any(other[name])) for name in shared}
    settings = {name: differences(dict(a.settings), dict(b.settings)) for name, (a, b) in pairs.items()}
    data = {
        name: differences(_facts(a.facts), _facts(b.facts)) for name, (a, b) in pairs.items() if a.facts and b.facts
    }
    sides = ((first.name, 0), (second.name, 1))
    unknown = [f"the data of {run}" for run, side in sides if any(two[side].facts is None for two in pairs.values())]
    unknown += [f"the environment of {one.name}" for one, env in zip((first, second), envs, strict=True) if not env]
    seeds = {name: Difference("seeds", list(mine[name]), list(other[name])) for name in shared}
    return RunDiff(
        first.name, second.name, metric,
        [name for name in mine if name not in other],
        [name for name in other if name not in mine],
        {name: found for name, found in settings.items() if found},
        {name: found for name, found in data.items() if found},
        {name: one for name, one in seeds.items() if one.first != one.second},
        differences(environment_of(envs[0]), environment_of(envs[1])) if all(envs) else [],
        differences(code_of(envs[0], ours.plan), code_of(envs[1], theirs.plan)) if all(envs) else [],
        [_result(name, mine[name], other[name], metric) for name in shared],
        unknown,
    )  # fmt: skip


def _read(folder: RunFolder) -> tuple[RunState, Metric]:
    plan = folder.read_plan()
    questions = questions_of(folder, plan)
    state = standing(folder, plan, questions.compare.solved)
    compare = questions.compare
    if plan.recorded:
        from dlbench.analysis.recorded import asked_of_recordings

        compare = asked_of_recordings(state, questions)
    return state, deciding_metric(known_part(compare)[0])


def _by_candidate(state: RunState) -> Trials:
    found: Trials = {}
    for trial in state.trials:
        found.setdefault(candidate_text(trial.plan), {})[trial.plan.seed] = trial
    return found


def _any(trials: Mapping[int, TrialState]) -> TrialState:
    """One of the trials of a candidate, the first whose data is known: they share settings and data."""
    return next((one for one in trials.values() if one.facts is not None), next(iter(trials.values())))


def _facts(facts: DataFacts | None) -> dict[str, Any]:
    """What of the data can differ: which, how many samples and classes, and the hash of each split."""
    if facts is None:
        return {}
    hashes = {split: one[:16] for split, one in (facts.sha256 or {}).items() if one is not None}
    return {
        "dataset": facts.dataset,
        "shape": "x".join(map(str, facts.shape)),
        "classes": ", ".join(facts.class_names),
        "samples": dict(facts.samples),
        "sha256": hashes,
    }


def _result(
    name: str, ours: Mapping[int, TrialState], theirs: Mapping[int, TrialState], metric: Metric
) -> ResultDifference:
    both = [seed for seed in ours if seed in theirs and seed >= 0]
    values = [
        {seed: value for seed, one in side.items() if is_settled(one) and (value := metric.value(one)) is not None}
        for side in (ours, theirs)
    ]
    paired = tuple(seed for seed in both if all(seed in side for side in values))
    first, second = (list(side.values()) for side in values)
    if paired:
        sides = ([values[1][seed] for seed in paired], [values[0][seed] for seed in paired])
        difference = paired_difference(*sides, metric.quantity)
    else:
        difference = unpaired_difference(second, first, metric.quantity)
    found = {seed: agreement(ours[seed], theirs[seed]) for seed in both}
    others = [seed for seed in both if not _is_same(ours[seed], theirs[seed]) or not found[seed].is_equal]
    departed = next((seed for seed in others if found[seed].departure), None)
    touched = tuple(seed for seed in both if first_manual_change(ours[seed]) or first_manual_change(theirs[seed]))
    return ResultDifference(
        name,
        summarize(first, metric.quantity),
        summarize(second, metric.quantity),
        difference,
        paired,
        len(both),
        len(both) - len(others),
        None if departed is None else found[departed].departure,
        departed,
        touched,
        tuple(seed for seed in both if not (is_settled(ours[seed]) and is_settled(theirs[seed]))),
    )


def _is_same(ours: TrialState, theirs: TrialState) -> bool:
    """Whether both ended in the same way, at the same step."""
    return (ours.status, ours.step) == (theirs.status, theirs.step)
