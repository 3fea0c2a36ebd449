"""The whole dashboard without a terminal: a view made by hand, a pilot, and what is on the screen as text."""

import asyncio

from synthetic_run import finished, make_plan
from tui.quiet import strips

from dlbench.tui.app import Dashboard
from dlbench.tui.model.view import RunInfo, View
from dlbench.tui.options import DashboardOptions

NUMBERS = {"train_loss": 0.1, "train_accuracy": 1.0, "test_loss": 0.2, "test_accuracy": 0.75}
SIZES = {"200x60": (200, 60), "120x40": (120, 40), "80x24": (80, 24), "60x16": (60, 16)}


def make_view(*, status="done", variants=("slow", "fast"), seeds=2, drop_last=0):
    """A view of a run whose events have all been read, but for so many of the last."""
    plan = make_plan(list(variants), seeds)
    view = View(RunInfo("small/20260101-120000", plan))
    events = finished(plan, lambda trial: NUMBERS)
    view.state.apply(events[: len(events) - drop_last])
    view.loading, view.status = None, status
    return view


def running_view():
    """A view of a run whose last stack is under way."""
    return make_view(status="running", drop_last=1)


def played(test, *, view=None, size=(120, 40), folder=None, replay=None, feed=None, **options):
    """Run `async def test(app, pilot)` in a dashboard of that size."""

    async def scenario():
        app = Dashboard(
            view or make_view(),
            folder=folder,
            replay=replay,
            feed=feed,
            options=DashboardOptions(**{"frames": 50.0} | options),
        )
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            await test(app, pilot)
        return app

    return asyncio.run(scenario())


def rows(app):
    """The screen as text, one string a row."""
    return [strip.text for strip in strips(app)]


def screen(app):
    """The screen as one text."""
    return "\n".join(rows(app))


def told(app):
    """What the toasts say."""
    return [notification.message for notification in app._notifications]
