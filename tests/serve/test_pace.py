"""How often viewers are drawn beside a training."""

from dlbench.plan.devices import cores
from dlbench.serve.outlet import BEHIND, Outlet
from dlbench.serve.pace import SHARE, SharedBudget, ViewerPace

FRAME = 0.02
"""Seconds of the processor."""


class Clock:
    """A clock that stands where it is put."""

    time = 0.0

    def __call__(self):
        return self.time


def simulated(viewers, seconds):
    """How often each of so many viewers draws that looks for changes twice a second, and what all take of all cores' time."""
    now, used = Clock(), Clock()
    budget = SharedBudget(now, used)
    paces = [ViewerPace(budget, Outlet()) for _ in range(viewers)]
    frames = [0] * viewers
    for tick in range(int(seconds * 100)):
        now.time = tick / 100
        for index, pace in enumerate(paces):
            if tick % 50 == index % 50 and pace.is_due(beside_training=True):
                pace.drew()
                frames[index] += 1
                used.time += FRAME
    return frames, used.time / seconds / cores()


def test_all_together_stay_within_the_budget_and_take_turns():
    """Ten or forty viewers take the same share of the processor, and none draws more often than twice another."""
    for viewers in (10, 40):
        frames, share = simulated(viewers, 200.0)
        assert share <= 1.1 * SHARE
        assert share >= 0.3 * SHARE
        assert max(frames) <= 2 * min(frames)


def test_one_viewer_is_drawn_as_often_as_it_looks():
    """What the budget allows is not held back from a single one."""
    frames, _ = simulated(1, 100.0)
    assert frames[0] >= 100 * min(2.0, 0.9 * SHARE * cores() / FRAME) * 0.7


def test_without_a_training_nothing_waits_but_for_a_slow_browser():
    """A browser that has yet to take what was drawn gets nothing more drawn by itself."""
    outlet = Outlet()
    pace = ViewerPace(SharedBudget(Clock(), Clock()), outlet)
    assert pace.is_due(beside_training=False)
    outlet.draw("x" * (BEHIND + 1))
    assert not pace.is_due(beside_training=False)
