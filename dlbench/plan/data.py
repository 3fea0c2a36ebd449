"""Which data a trial learns from: its settings' own, or with a split of its seed's."""

from __future__ import annotations

from typing import Any

from dlbench.plan import Plan


def data_of(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """The `[data]` of a trial: with `split_per_seed`, its seed is added to `split_seed`.

    So seed 3 splits as any trial does with `split_seed = 3`, and trials of one seed stay paired.
    """
    data: dict[str, Any] = settings["data"]
    if not data.get("split_per_seed"):
        return data
    return {**data, "split_seed": data.get("split_seed", 0) + seed}


def data_of_stack(plan: Plan, index: int) -> dict[str, Any]:
    """The `[data]` that all trials of a stack learn from."""
    first = plan.trials[plan.stacks[index].trials[0]]
    return data_of(plan.candidates[first.candidate].settings, first.seed)
