"""A browser's page that a test speaks for, and a run for it to look at."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson
from synthetic_run import finished, make_plan

from dlbench.run.folder import create
from dlbench.serve.viewers import Viewers
from dlbench.tui.options import for_browsers

PATIENCE = 60.0


def finished_run(base):
    """A run that has ended, whose workers were on another machine."""
    folder = create(base, "xor", datetime.now(UTC))
    folder.write_plan(plan := make_plan(["sigmoid", "relu"], 2))
    events = finished(plan, lambda trial: {"train_loss": 0.1, "test_loss": 0.5, "test_accuracy": 1.0})
    lines = [orjson.dumps({"seq": seq, "time": 1e9, **event}) for seq, event in enumerate(events)]
    folder.events_file(0, 0).write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def seen(folder):
    """Every file and folder of a run, with when it was written and what is in it."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else sorted(path.iterdir()))
        for path in [folder.path, *folder.path.rglob("*")]
    }


class SpokenPage:
    """Says what a test lets it say, and remembers what it was sent."""

    def __init__(self):
        self.words, self.drawn = [], ""
        self.said_so_far = asyncio.Queue()
        self.farewell = None

    async def said(self):
        """Until `close`."""
        while (text := await self.said_so_far.get()) is not None:
            yield text

    async def send(self, data):
        """Remember it."""
        if isinstance(data, bytes):
            self.drawn += data.decode()
        else:
            self.words.append(data)

    async def close(self, why):
        """Say nothing more."""
        self.farewell = self.farewell or why
        self.said_so_far.put_nowait(None)

    def type(self, text):
        """Press keys."""
        self.said_so_far.put_nowait(orjson.dumps(["stdin", text]).decode())

    async def until(self, holds):
        """Wait until something holds of this page."""
        async with asyncio.timeout(PATIENCE):
            while not holds(self):  # noqa: ASYNC110  # for whatever a test asks  # noqa: ASYNC110  # what is waited for is whatever a test asks
                await asyncio.sleep(0.01)

    async def shows(self, text):
        """Wait until a text has been drawn."""
        await self.until(lambda page: text in page.drawn)


@asynccontextmanager
async def viewers_of(folder, *, most=5, read_only=True):
    """Viewers of a run, ended at the end, and the errors that broke a dashboard."""
    broken = []
    viewers = Viewers(folder, for_browsers(language="en", read_only=read_only), most=most, broke=broken.append)
    try:
        yield viewers, broken
    finally:
        await viewers.close()


@asynccontextmanager
async def opened(viewers, size=(100, 30)):
    """A page with a dashboard on it, which is left at the end."""
    page = SpokenPage()
    showing = asyncio.create_task(viewers.show(page, size))
    try:
        await page.shows("Gradients")
        yield page
    finally:
        await page.close("left")
        await showing
