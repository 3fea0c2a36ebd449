"""Two runs held against each other, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlbench.analysis.statistics.intervals import Summary
    from dlbench.questions.differences import Difference
    from dlbench.questions.reasons import Reason
    from dlbench.questions.run_diff import ResultDifference, RunDiff


def diff_as_data(diff: RunDiff, reasons: Sequence[Reason]) -> dict[str, Any]:
    """Everything that the text says, by sections; a difference is `key`, `first` and `second`, `not there` where one has none."""
    return {
        "first": diff.first,
        "second": diff.second,
        "metric": diff.metric.name,
        "only_first": diff.only_first,
        "only_second": diff.only_second,
        "settings": _by_variant(diff.settings),
        "data": _by_variant(diff.data),
        "seeds": _by_variant({name: [one] for name, one in diff.seeds.items()}),
        "environment": [asdict(one) for one in diff.environment],
        "code": [asdict(one) for one in diff.code],
        "unknown": diff.unknown,
        "results": [_result(one) for one in diff.results],
        "reasons": [asdict(one) for one in reasons],
    }


def _by_variant(found: Mapping[str, Sequence[Difference]]) -> list[dict[str, Any]]:
    return [{"variant": name, **asdict(one)} for name, own in found.items() for one in own]


def _result(one: ResultDifference) -> dict[str, Any]:
    return {
        "variant": one.candidate,
        "first": _summary(one.first),
        "second": _summary(one.second),
        "difference": _summary(one.difference) | {"is_paired": one.is_paired},
        "shared_seeds": one.compared,
        "same_seeds": one.same,
        "departure": None if one.departure is None else {"seed": one.departed_seed, **asdict(one.departure)},
    }


def _summary(found: Summary) -> dict[str, Any]:
    interval = None if found.interval is None else [found.interval.low, found.interval.high]
    return {"n": found.n, "mean": found.mean, "std": found.std, "interval": interval}
