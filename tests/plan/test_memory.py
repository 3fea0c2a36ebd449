"""How much memory a run takes: estimated from what it trains, and held against what is there."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import pytest
from cases import dense, plan_of, settings

from dlbench.cli import memory_lines
from dlbench.errors import ExitCode, SetupError
from dlbench.plan import devices, machines
from dlbench.plan.assignment import StackCost, bounded, fitting
from dlbench.plan.memory import PROCESS, memory_of

GIB = 2**30
WIDE = [{"kind": "flatten"}, dense(1000), dense(1000)]


def wide(**changes: Any) -> dict[str, Any]:
    """Settings of a net of 1,076,010 parameters that learns digits."""
    return settings(WIDE, data="digits", **{"batch_size": 100, "optimizer": {"kind": "adam", "lr": 0.1}} | changes)


def test_weights_and_the_optimizer_are_counted_by_trial() -> None:
    """Four numbers of four bytes a weight, and what the optimizer remembers, of every trial; data and process once."""
    one, three = (memory_of(wide(), trials, on_cpu=True) for trials in (1, 3))
    plain = memory_of(wide(optimizer={"kind": "sgd", "lr": 0.1}), 1, on_cpu=True)
    parameters = 65 * 1000 + 1001 * 1000 + 1001 * 10

    assert one.weights == 16 * parameters
    assert (one.optimizer, plain.optimizer) == (8 * parameters, 0)
    assert (three.weights, three.optimizer, three.data) == (3 * one.weights, 3 * one.optimizer, one.data)
    assert one.data == 4 * 1797 * 64
    assert one.process == PROCESS
    assert one.total == PROCESS + one.data + one.weights + one.optimizer + one.batch + one.evaluation


def test_a_larger_batch_takes_more() -> None:
    """What a batch takes is proportional to its samples."""
    assert memory_of(wide(batch_size=200), 2, on_cpu=True).batch == 2 * memory_of(wide(), 2, on_cpu=True).batch


def test_data_on_disk_takes_no_memory_but_where_all_of_it_is_needed(tmp_path: Any) -> None:
    """Samples on disk count only for full batches, and then in float32."""
    x, y = np.ones((50, 7)), np.arange(50) % 2
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    found = {}
    for held in ("memory", "disk"):
        for size in (10, "full"):
            own = settings(
                [dense(4)], data={"kind": "npz", "path": str(tmp_path / "a.npz"), "held": held}, batch_size=size
            )
            found[held, size] = memory_of(own, 1, on_cpu=True).data

    assert found == {("memory", 10): 2 * 4 * prod(x.shape), ("memory", "full"): 2 * 4 * prod(x.shape),
                     ("disk", 10): 0, ("disk", "full"): 4 * prod(x.shape)}  # fmt: skip


def test_a_stack_is_split_until_it_fits() -> None:
    """Of trials that together take more than there is, as many stand in a stack as fit beside what they share."""
    cost = StackCost(list(range(10)), 1000, 3, 100, 600.0, memory=(100, 30))
    split = bounded([cost], 200)

    assert [len(one.trials) for one in split] == [3, 2, 3, 2]
    assert all(one.bytes <= 200 for one in split)
    assert sorted(trial for one in split for trial in one.trials) == list(range(10))
    assert bounded([cost], 1000) == [cost]
    assert [len(one.trials) for one in bounded([replace(cost, trials=[0, 1])], 10)] == [1, 1]


@pytest.mark.parametrize(("free", "workers"), [(10_000, 4), (3000, 3), (1500, 1), (10, 1), (None, 4)])
def test_no_more_workers_than_fit(free: int | None, workers: int) -> None:
    """Each holds its own data and net; one there is in any case."""
    cost = StackCost(list(range(8)), 10**6, 3, 10**6, 6e8, memory=(900, 20))
    assert fitting([cost], 4, free) == workers


def test_the_plan_goes_by_the_memory_that_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same trials stand in more stacks where there is less memory."""
    plenty = plan_of({"a": wide()}, range(20))
    need = memory_of(wide(), 20, on_cpu=True).total
    monkeypatch.setattr(machines, "free_memory", lambda: need - 1)
    tight = plan_of({"a": wide()}, range(20))

    assert [len(stack.trials) for stack in plenty.stacks] == [20]
    assert [len(stack.trials) for stack in tight.stacks] == [10, 10]


def test_what_cannot_fit_is_refused_with_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what is needed for what, what is free and what to change, and what fits is let through."""
    plan = plan_of({"a": wide()}, range(200))
    memory_lines.require_memory([plan])
    monkeypatch.setattr(devices, "free_memory", lambda: GIB)
    with pytest.raises(SetupError) as caught:
        memory_lines.require_memory([plan])
    text = str(caught.value)

    assert caught.value.exit_code == ExitCode.ENVIRONMENT
    assert text.startswith("case needs some ")
    assert "(process 0.6, weights 3.2, optimizer 1.6, batch " in text
    assert ", but 1.0 GiB are free here; train fewer seeds or variants at once, or a smaller net; or " in text


def test_a_gpu_s_worker_takes_of_this_machine_what_it_loads() -> None:
    """Weights, batches and evaluations of a stack on a GPU are no memory of the host."""
    plan = plan_of({"a": wide()}, range(3))
    there = replace(plan, workers=[replace(worker, device="cuda:0") for worker in plan.workers])
    here, needed = memory_lines.on_host(plan), memory_lines.on_host(there)

    assert (needed.process, needed.data, needed.weights) == (here.process, here.data, 0)
    assert needed.total == needed.process + needed.data
