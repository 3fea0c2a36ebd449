"""A dashboard that has come to rest, and how a test waits for that: by what the app has still to do, not by the clock.

Textual's pilot sleeps after every key until the process is idle, which on a busy machine takes up to a second each time.
"""

import asyncio
import time

from patience import PATIENCE
from textual._compositor import Compositor
from textual._context import active_app, visible_screen_stack

from dlbench.tui.app import Dashboard


async def quiet(app):
    """Until no task can go on, no thread is awaited, and all is drawn."""
    loop, end = asyncio.get_running_loop(), time.monotonic() + PATIENCE
    while app._running and app._exception is None:
        await asyncio.sleep(0)
        if not loop._ready:
            app.screen._on_timer_update()
            await asyncio.sleep(0)
            if not loop._ready and _is_settled(app):
                return
            await asyncio.sleep(0 if _is_settled(app) else 0.001)
        assert time.monotonic() < end, "the dashboard never came to rest"


def _is_settled(app):
    """Whether no thread is awaited, as one that lays out the help."""
    is_drawn = app.screen._compositor.size == app.size
    return is_drawn and all(worker.is_finished for worker in app.workers)


async def idle(min_sleep=0.0, max_sleep=0.0):
    """What a pilot waits for after each key, in the place of Textual's sleep.

    A whole dashboard draws what is new, as it does so many times a second.
    """
    app = active_app.get()
    await quiet(app)
    if type(app) is Dashboard and app._running and app._exception is None and app.view.version != app._drawn:
        app.steering.tell_answers()
        app.redraw()
        await quiet(app)


def strips(app):
    """The screen row by row, with what lies beneath a prompt."""
    visible_screen_stack.set(app._background_screens)
    return app.screen._compositor.render_strips()


def unseen(compositor, *, full=False, draw=Compositor.render_update, **options):
    """What a screen sends to a terminal that is not there: nothing, but when the whole of it is wanted."""
    if full:
        return draw(compositor, full=True, **options)
    compositor._dirty_regions.clear()
    return None
