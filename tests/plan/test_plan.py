"""What the plan gathers into stacks, and how it shares them out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cases import dense, plan_of, settings
from hypothesis import given
from hypothesis import strategies as st

from dlbench.errors import UsageError
from dlbench.plan import devices
from dlbench.plan.assignment import StackCost, assign, bounded, split_for, threads_for, workers_for
from dlbench.plan.data import data_of
from dlbench.plan.devices import choose, lacking
from dlbench.plan.structure import structure

FLAT = {"kind": "flatten"}
BASE = settings([FLAT, dense(8), {"kind": "dropout", "keep": 0.7, "rate": None}], data="digits", batch_size=100)


def changed(path: str, value: Any) -> dict[str, Any]:
    """BASE with one value replaced, at a dotted path."""
    result = settings([FLAT, dense(8), {"kind": "dropout", "keep": 0.7, "rate": None}], data="digits", batch_size=100)
    *way, last = path.split(".")
    place: Any = result
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[last] = value
    return result


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("train.optimizer.lr", 0.01),
        ("model.layers.2.keep", 1.0),
        ("model.layers.1.init", {"kind": "zeros"}),
        ("model.layers.1.bias_init", {"kind": "constant", "value": 1.0}),
        ("model.init", {"kind": "he", "distribution": "normal"}),
        ("model.output.init", {"kind": "zeros"}),
    ],
)
def test_numbers_and_inits_share_a_stack(path: str, value: Any) -> None:
    """Settings that differ in a number or an init have one structure."""
    assert structure(changed(path, value)) == structure(BASE)


def test_a_split_of_each_seed_s_own_parts_the_stacks_by_seed() -> None:
    """With `split_per_seed` trials of one seed share a stack and its split, which is that of `split_seed` plus the seed."""
    data = {"kind": "digits", "validation": 50, "validation_split": "stratified", "split_seed": 5}
    varied = {**data, "split_per_seed": True}
    variants = {name: settings([FLAT, dense(8)], data=varied, steps=1, optimizer={"kind": "sgd", "lr": lr})
                for name, lr in (("a", 0.1), ("b", 0.2))}  # fmt: skip
    plan = plan_of(variants, seeds=[0, 3])

    seeds = [[plan.trials[trial].seed for trial in stack.trials] for stack in plan.stacks]
    assert sorted(seeds) == [[0, 0], [3, 3]]
    assert data_of(variants["a"], 3)["split_seed"] == 8
    assert data_of(settings(data=data), 3) == data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("train.optimizer", {"kind": "adam", "lr": 0.5}),
        ("train.batch_size", 50),
        ("train.steps", 51),
        ("train.regularizers", [{"kind": "l2", "strength": 0.1}]),
        ("model.layers.1.units", 9),
        ("model.layers.1.activation", {"kind": "relu"}),
        ("model.layers.1.bias", False),
        ("model.layers.1.repeat", 2),
        ("data.limit", 500),
        ("evaluate.every", 3),
        ("probes.points", 3),
    ],
)
def test_another_program_is_another_stack(path: str, value: Any) -> None:
    """Settings that differ in shapes, kinds, data or schedule have different structures."""
    assert structure(changed(path, value)) != structure(BASE)


def test_every_trial_is_in_one_stack_of_one_worker() -> None:
    """The stacks cover all trials once, and the workers all stacks once."""
    plan = plan_of(
        {"base": BASE, "wide": changed("model.layers.1.units", 64), "slow": changed("train.optimizer.lr", 0.01)},
        seeds=range(7),
        workers=2,
    )

    assert sorted(trial for stack in plan.stacks for trial in stack.trials) == list(range(21))
    assert sorted(stack for worker in plan.workers for stack in worker.stacks) == list(range(len(plan.stacks)))


def test_equal_numbers_stand_side_by_side() -> None:
    """Within a stack, trials that train with the same numbers are neighbours, whatever the order of the variants."""
    plan = plan_of(
        {"a": BASE, "b": changed("train.optimizer.lr", 0.1), "c": changed("model.init", {"kind": "zeros"})},
        seeds=[0, 1],
    )
    (stack,) = plan.stacks
    rates = [plan.candidates[plan.trials[i].candidate].settings["train"]["optimizer"]["lr"] for i in stack.trials]

    assert rates == sorted(rates)


def test_a_trials_id_is_of_its_settings_and_seed() -> None:
    """Ids differ between seeds and settings, and stay the same from plan to plan."""
    first, again = (plan_of({"a": BASE, "b": changed("train.optimizer.lr", 0.1)}, seeds=[0, 1]) for _ in range(2))

    assert len({trial.id for trial in first.trials}) == 4
    assert [trial.id for trial in first.trials] == [trial.id for trial in again.trials]


loads = st.builds(
    lambda trials, steps, parameters: StackCost(list(range(trials)), steps, 3, parameters, 600.0 * parameters),
    st.integers(1, 200),
    st.integers(1, 20_000),
    st.integers(10, 10**7),
)


@given(st.lists(loads, min_size=1, max_size=8), st.integers(1, 16))
def test_splitting_keeps_every_trial(many: list[StackCost], workers: int) -> None:
    """Bounding and splitting change no trial, and everything is assigned once."""
    split = split_for(bounded(many), workers)
    shares = assign(split, workers)

    assert sum(len(load.trials) for load in split) == sum(len(load.trials) for load in many)
    assert sorted(index for share in shares for index in share) == list(range(len(split)))


def test_a_wide_stack_is_shared_by_two_workers_and_a_tiny_one_is_not() -> None:
    """Ten MNIST nets are split over two workers; thirty nine-layer XOR nets, bound by launching operations, stay together."""
    mnist = StackCost(list(range(10)), 8000, 4, 269_000, 6.0 * 269_000 * 100)
    xor = StackCost(list(range(30)), 10_000, 11, 291, 6.0 * 291 * 4)

    assert [len(load.trials) for load in split_for([mnist], 2)] == [5, 5]
    assert len(split_for([xor], 2)) == 1
    assert workers_for([mnist], cores=2) == 2
    assert workers_for([xor], cores=8) == 1


def test_trials_that_share_nothing_are_split_and_pay_for_each() -> None:
    """Trials that go one after the other on a CPU cost their launching each, and workers share them however small they are."""
    small = {"kind": "conv", "channels": 2, "kernel": 3, "activation": {"kind": "relu"}}
    own = settings([small, {"kind": "flatten"}], data="digits", steps=10, batch_size=1)
    stacks = {
        device: plan_of({"a": own}, seeds=range(4), device=device, workers=2).stacks for device in ("cpu", "cuda")
    }
    together = StackCost(list(range(4)), 1000, 3, 100, 600.0)
    apart = replace(together, alone=True)

    assert [len(stack.trials) for stack in stacks["cpu"]] == [2, 2]
    assert [len(stack.trials) for stack in stacks["cuda"]] == [4]
    assert apart.seconds == pytest.approx(4 * together.seconds, rel=0.01)
    assert (len(split_for([apart], 2)), len(split_for([together], 2))) == (2, 1)


def test_tiny_nets_want_one_thread() -> None:
    """A lone MNIST stack gets the spare cores as threads, a tiny net one thread."""
    mnist = StackCost([0], 8000, 4, 269_000, 6.0 * 269_000 * 100)
    xor = StackCost(list(range(30)), 10_000, 11, 291, 6.0 * 291 * 4)

    assert threads_for([mnist], [0], spare=2) == 2
    assert threads_for([xor], [0], spare=2) == 1


def test_devices_by_name() -> None:
    """Named devices are taken as they are, without a stand-in; nonsense is an error that lists what there is."""
    assert choose("cpu") == (["cpu"], False)
    assert choose("cuda:1") == (["cuda:1"], False)
    assert choose("cuda:2,cuda:0") == (["cuda:2", "cuda:0"], False)
    with pytest.raises(UsageError, match="there are auto, cpu, cuda"):
        choose("gpu")
    for several in ("cuda:0,cuda:0", "cuda:0,cpu", "cuda,cuda:1", "mps,mps"):
        with pytest.raises(UsageError, match=f"device '{several}': several are GPUs by their numbers, each once"):
            choose(several)
    with pytest.raises(UsageError, match="no device ''; there are"):
        choose("cuda:0,")


@pytest.mark.parametrize(
    ("device", "workers", "placed"),
    [
        ("cuda", None, ["cuda:0", "cuda:1", "cuda:2"]),
        ("auto", None, ["cuda:0", "cuda:1", "cuda:2"]),
        ("cuda:2,cuda:0", None, ["cuda:2", "cuda:0"]),
        ("cuda:1", None, ["cuda:1"]),
        ("cuda:0,cuda:1", 4, ["cuda:0", "cuda:1", "cuda:0", "cuda:1"]),
    ],
)
def test_each_worker_has_one_gpu(monkeypatch, device, workers, placed) -> None:
    """Stacks are shared out over all GPUs that are meant, a wide one in parts, and every trial is trained once."""
    monkeypatch.setattr(devices, "_visible_gpus", lambda: 3)
    wide = settings([FLAT, dense(2000), dense(2000)], data="digits", batch_size=500, steps=2000)
    plan = plan_of({"wide": wide}, range(12), device=device, workers=workers)

    assert [worker.device for worker in plan.workers] == placed
    assert sorted(stack for worker in plan.workers for stack in worker.stacks) == list(range(len(plan.stacks)))
    assert all(worker.stacks for worker in plan.workers)
    assert max(len(stack.trials) for stack in plan.stacks) < 12 or len(placed) == 1
    assert sorted(trial for stack in plan.stacks for trial in stack.trials) == list(range(12))
    assert all(worker.fallback == (device == "auto") for worker in plan.workers)


def test_a_gpu_without_work_has_no_worker(monkeypatch) -> None:
    """A tiny net stays in one stack on one GPU: to launch it twice would take as long."""
    monkeypatch.setattr(devices, "_visible_gpus", lambda: 3)
    plan = plan_of({"tiny": settings([FLAT, dense(8)], data="digits", batch_size=10)}, range(12), device="cuda")
    assert [(worker.device, worker.stacks) for worker in plan.workers] == [("cuda:0", [0])]


def test_what_is_surely_not_here(monkeypatch, tmp_path) -> None:
    """A GPU without any driver and Apple's device elsewhere are known to be missing; all else is for the worker to find out."""
    driver = tmp_path / "driver"
    monkeypatch.setattr(devices, "GPU_DRIVERS", (str(tmp_path / "other"), str(driver)))
    monkeypatch.setattr(devices.platform, "system", lambda: "Linux")
    before = [lacking(device) for device in ("cpu", "cuda:3", "mps")]
    driver.touch()
    monkeypatch.setattr(devices.platform, "system", lambda: "Darwin")

    assert before[0] is None
    assert "'cuda:3' cannot be used: no driver of a GPU" in before[1]
    assert "'mps' cannot be used: only Apple's" in before[2]
    assert [lacking(device) for device in ("cuda:3", "mps")] == [None, None]


def test_the_native_loop_splits_no_vector() -> None:
    """Sixteen trials take it as long as one, so a stack is split among workers only where it has more."""
    few, more = (StackCost(list(range(n)), 10**6, 11, 291, 6.0 * 291 * 4, way="native") for n in (16, 17))
    assert few.seconds == replace(few, trials=[0]).seconds == more.seconds / 2
    assert split_for([few], workers=2) == [few]
    assert len(split_for([more], workers=2)) == 2
