"""What holds for every dashboard in a test: no pilot sleeps, no toast goes, nothing is sent to a terminal that is not there."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def dashboards_wait_for_nothing():
    """A pilot waits until the app has nothing more to do; a screen is put together when a test looks at it.

    Toasts stay: on a busy machine a test may come to look at one later than a person would.
    """
    from textual import app, pilot
    from textual._compositor import Compositor
    from textual.notifications import Notification
    from tui.quiet import idle, unseen

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "wait_for_idle", idle)
        patch.setattr(pilot, "wait_for_idle", idle)
        patch.setattr(Compositor, "render_update", unseen)
        patch.setattr(Notification, "time_left", property(lambda _: 3600.0))
        yield
