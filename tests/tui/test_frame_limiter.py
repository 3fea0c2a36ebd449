"""How often the dashboard draws by itself."""

from dlbench.plan.devices import cores
from dlbench.tui.frame_limiter import LONGEST, SHARE, FrameLimiter


class Clock:
    """A clock that stands where it is put."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time


def test_a_frame_waits_for_what_the_last_one_cost():
    """After a frame of a tenth of a second the next one is due when that is two hundredths of all cores' time."""
    now, used = Clock(), Clock()
    pace = FrameLimiter(now, used)
    used.time = 0.1
    now.time = 0.99 * 0.1 / (SHARE * cores())
    assert not pace.is_due(beside_training=True)
    now.time = 1.01 * 0.1 / (SHARE * cores())
    assert pace.is_due(beside_training=True)


def test_a_frame_that_cost_nothing_delays_none():
    """An idle dashboard may draw at once."""
    assert FrameLimiter(Clock(), Clock()).is_due(beside_training=True)


def test_no_frame_is_waited_for_long():
    """What opening a run has cost, on a machine that is busy training, does not keep its first numbers from the screen."""
    now, used = Clock(), Clock()
    pace = FrameLimiter(now, used)
    used.time = 10.0
    now.time = 0.99 * LONGEST
    assert not pace.is_due(beside_training=True)
    now.time = LONGEST
    assert pace.is_due(beside_training=True)


def test_each_frame_is_judged_by_itself():
    """What was spent before the last frame began is forgotten."""
    now, used = Clock(), Clock()
    pace = FrameLimiter(now, used)
    used.time = 50.0
    pace.drew()

    assert pace.is_due(beside_training=True)
