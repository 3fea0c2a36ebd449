"""What holds for every dashboard in a test: no pilot sleeps, and nothing is sent to a terminal that is not there."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def dashboards_wait_for_nothing():
    """A pilot waits until the app has nothing more to do; a screen is put together when a test looks at it."""
    from textual import app, pilot
    from textual._compositor import Compositor
    from tui.quiet import idle, unseen

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "wait_for_idle", idle)
        patch.setattr(pilot, "wait_for_idle", idle)
        patch.setattr(Compositor, "render_update", unseen)
        yield
