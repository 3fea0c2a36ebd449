from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dlbench.plan import Plan, Stack, WorkerPlan
from dlbench.plan.reassignment import redistributed


@given(st.data())
def test_a_share_gives_every_stack_to_one_like_worker(data):
    """Each unfinished stack goes to exactly one worker, of its own kind of device and threads, and none waits idly."""
    kinds = st.sampled_from([("cpu", 1), ("cpu", 2), ("cuda:0", 1), ("cuda:1", 1)])
    workers = data.draw(st.lists(kinds, min_size=1, max_size=5))
    costs = data.draw(st.lists(st.floats(0, 1e12), max_size=12))
    homes = [data.draw(st.integers(0, len(workers) - 1)) for _ in costs]
    owned = [[stack for stack, home in enumerate(homes) if home == index] for index in range(len(workers))]
    plan = Plan(
        "x",
        [],
        [],
        [Stack([0], 1, 1, cost) for cost in costs],
        [WorkerPlan(device, threads, stacks) for (device, threads), stacks in zip(workers, owned, strict=True)],
    )
    todo = data.draw(st.sets(st.sampled_from(range(len(costs))))) if costs else set()
    shares = redistributed(plan, todo)

    like = [(device.split(":")[0], threads) for device, threads in workers]
    given_out = [(stack, worker) for worker, stacks in shares.items() for stack in stacks]
    assert sorted(stack for stack, _ in given_out) == sorted(todo)
    assert all(like[worker] == like[homes[stack]] for stack, worker in given_out)
    for worker, stacks in shares.items():
        peers = [sum(costs[s] for s in shares[peer]) for peer in shares if like[peer] == like[worker]]
        # Longest first: nobody has more than the least laden peer by more than the last stack it was given.
        last = min((costs[s] for s in stacks), default=0.0)
        assert sum(costs[s] for s in stacks) <= (min(peers) + last) * (1 + 1e-9)
