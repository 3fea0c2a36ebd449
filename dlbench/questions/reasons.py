"""What can explain that two runs have other results, and what cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dlbench.analysis.interventions import which_seeds
from dlbench.questions.surroundings import CHANGES_NUMBERS

if TYPE_CHECKING:
    from dlbench.questions.differences import Difference
    from dlbench.questions.run_diff import ResultDifference, RunDiff

Factor = Literal["settings", "data", "environment", "code", "seeds", "by hand", "unfinished", "nothing"]

MEASURED_ONLY = ("probes.",)
"""Settings that say what is measured: probes leave no trace in a training."""


@dataclass(frozen=True)
class Reason:
    """Something that can explain, or cannot, that some candidates have other results."""

    factor: Factor
    can_explain: bool
    candidates: list[str]
    says: str

    @property
    def is_all_the_same(self) -> bool:
        """Whether it says that there is nothing to explain."""
        return self.factor == "nothing" and not self.can_explain


def reasons(diff: RunDiff) -> list[Reason]:
    """What can and what cannot explain the results of the candidates that both runs have, where these differ."""
    if not diff.results:
        return [
            Reason(
                "nothing",
                can_explain=False,
                candidates=[],
                says="no variant is in both runs: there is nothing to compare",
            )
        ]
    other = [one.candidate for one in diff.results if not one.is_same]
    more = [_of_more_seeds(one.candidate) for one in diff.results if one.is_same and one.candidate in diff.seeds]
    if not other:
        says = "every recorded number of every seed that both runs have is the same"
        return [
            *more,
            Reason("nothing", can_explain=False, candidates=diff.shared, says=f"{says}: there is nothing to explain"),
        ]
    found = [*more, *_of_settings(diff, other), *_of_data(diff, other), *_of_surroundings(diff, other)]
    found += [
        reason
        for one in diff.results
        if not one.is_same
        for reason in _of_trials(one, diff.metric.quantity.no_difference)
    ]
    explained = {name for reason in found if reason.can_explain for name in reason.candidates}
    if left := [name for name in other if name not in explained]:
        unknown = f", or in what is not known: {'; '.join(diff.unknown)}" if diff.unknown else ""
        says = (
            f"settings, data, seeds, code and all of the environment that changes numbers are the same for {_named(left)}, and "
            f"the numbers are not: the reason lies in operations that are not deterministic, or in the machine{unknown}"
        )
        found.append(Reason("nothing", can_explain=True, candidates=left, says=says))
    return sorted(found, key=lambda reason: not reason.can_explain)


def _of_settings(diff: RunDiff, other: list[str]) -> Iterator[Reason]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, own in diff.settings.items():
        groups.setdefault(tuple(one.key for one in own), []).append(name)
    for keys, names in groups.items():
        training = [key for key in keys if not key.startswith(MEASURED_ONLY)]
        if concerned := [name for name in names if name in other]:
            if training:
                says = f"{_keys(training)} differ{'s' if len(training) == 1 else ''} in {_named(concerned)}"
                yield Reason("settings", can_explain=True, candidates=concerned, says=says)
            else:
                says = f"{_keys(list(keys))} of {_named(concerned)} only say what is measured, and leave no trace in a training"
                yield Reason("settings", can_explain=False, candidates=concerned, says=says)
        if training and (spared := [name for name in other if name not in names and name not in diff.settings]):
            says = (
                f"{_keys(training)} of {_named(names)} say nothing about {_named(spared)}, whose settings are the same"
            )
            yield Reason("settings", can_explain=False, candidates=spared, says=says)


def _of_data(diff: RunDiff, other: list[str]) -> Iterator[Reason]:
    if names := [name for name in other if name in diff.data]:
        keys = list(dict.fromkeys(one.key for name in names for one in diff.data[name]))
        alone = all(key.endswith((".test", ".validation")) for key in keys)
        after = "; the training data is the same, so only what is evaluated on the other splits" if alone else ""
        yield Reason(
            "data",
            can_explain=True,
            candidates=names,
            says=f"the data of {_named(names)} differs ({', '.join(keys)}){after}",
        )


def _of_surroundings(diff: RunDiff, other: list[str]) -> Iterator[Reason]:
    can = [one for one in diff.environment if one.key in CHANGES_NUMBERS]
    cannot = [one.key for one in diff.environment if one.key not in CHANGES_NUMBERS]
    if can:
        says = (
            f"{_told(can)}: sums are made in another order or by other kernels, and the last bits grow with the steps"
        )
        yield Reason("environment", can_explain=True, candidates=other, says=says)
    if cannot:
        says = f"{_keys(cannot)} differ{'s' if len(cannot) == 1 else ''}, on which no number depends"
        yield Reason("environment", can_explain=False, candidates=other, says=says)
    if diff.code:
        says = f"{_told(diff.code)}: what trains, or what a part computes, may have changed"
        yield Reason("code", can_explain=True, candidates=other, says=says)


def _of_more_seeds(name: str) -> Reason:
    says = f"the seeds of '{name}' that both runs have are the same to the last number; its means differ by the others alone"
    return Reason("seeds", can_explain=True, candidates=[name], says=says)


def _of_trials(one: ResultDifference, no_difference: float) -> Iterator[Reason]:
    name = one.candidate
    if one.touched:
        says = f"of '{name}' {which_seeds(one.touched)} had changes by hand in one of the runs"
        yield Reason("by hand", can_explain=True, candidates=[name], says=says)
    if one.unfinished:
        says = f"of '{name}' one of the runs has not come to the end with {which_seeds(one.unfinished)}"
        yield Reason("unfinished", can_explain=True, candidates=[name], says=says)
    if not one.compared:
        interval = one.difference.interval
        suffices = interval is None or no_difference in interval
        chance = (
            "chance may suffice"
            if suffices
            else "which is hardly all: the interval of the difference leaves chance out"
        )
        yield Reason(
            "seeds", can_explain=suffices, candidates=[name], says=f"'{name}' was trained with other seeds; {chance}"
        )


def _told(found: list[Difference]) -> str:
    return ", ".join(f"{one.key} {one.first} against {one.second}" for one in found)


def _keys(keys: list[str], most: int = 4) -> str:
    shown = ", ".join(keys[:most])
    return shown if len(keys) <= most else f"{shown} and {len(keys) - most} more"


def _named(names: list[str], most: int = 4) -> str:
    return _keys([f"'{name}'" for name in names], most)
