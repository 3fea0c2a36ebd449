"""The viewers: dashboards with a browser each, all in this process and with one reader, as many as there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

from textual.driver import Driver

from dlbench.run.folder import RunFolder
from dlbench.serve.browser_driver import BrowserDriver
from dlbench.serve.downloads import Downloads
from dlbench.serve.messages import Pinged, Typed, WindowSize, read_message
from dlbench.serve.outlet import Outlet
from dlbench.serve.pace import SharedBudget, ViewerPace
from dlbench.serve.readers import Readers
from dlbench.tui.app import Dashboard
from dlbench.tui.options import DashboardOptions

CLOSING_SECONDS = 5.0
"""How long a dashboard may take to close."""
WAITING_KEYS = 64
"""Messages that a dashboard may have before it; more wait in the browser."""
GARBAGE = 20
"""Messages that mean nothing after which a connection is ended."""
REST_SECONDS = 0.05
STALL_SECONDS = 1.0
"""So often is looked whether a browser takes anything."""


class BrowserPage(Protocol):
    """A browser's page at the other end of a websocket."""

    def said(self) -> AsyncIterator[str]:
        """What it says, until it is gone."""

    async def send(self, data: bytes | str) -> None:
        """Send bytes of the screen, or a word to the page; raises ConnectionError where it is gone."""

    async def close(self, why: str) -> None:
        """Say goodbye."""


class Viewers:
    """Opens dashboards on one run for pages, and ends them."""

    def __init__(
        self, folder: RunFolder, options: DashboardOptions, *, most: int, broke: Callable[[Exception], None]
    ) -> None:
        self._folder, self._options, self._most, self._broke = folder, options, most, broke
        self.readers, self.budget = Readers(), SharedBudget()
        self.downloads = Downloads()
        self._pages: set[BrowserPage] = set()
        self._taken = 0
        # The run is read before anyone looks, and while nobody does, so that whoever comes sees it at once.
        self._own = self.readers.view(folder)[1]

    @property
    def has_room(self) -> bool:
        """Whether one more may come."""
        return self._taken < self._most

    @contextmanager
    def place(self) -> Iterator[None]:
        """Takes one of the places."""
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def show(self, page: BrowserPage, size: tuple[int, int]) -> None:
        """Show the run on a page until one of them is closed; a dashboard that breaks takes nothing else with it."""
        self._pages.add(page)
        try:
            view, follower = self.readers.view(self._folder)
            app = Dashboard(view, feed=follower, folder=self._folder, options=self._options)
            viewer = Viewer(app, page, self)
            for error in await viewer.run(size):
                self._broke(error)
        finally:
            self._pages.discard(page)
            await page.close("the dashboard is closed")

    async def close(self) -> None:
        """End all."""
        for page in list(self._pages):
            await page.close("the server has ended")
        self._own.stop()


class Viewer:
    """One dashboard and its page."""

    def __init__(self, app: Dashboard, page: BrowserPage, viewers: Viewers) -> None:
        self._app, self._page, self._downloads = app, page, viewers.downloads
        self._outlet = Outlet()
        self._driver: BrowserDriver | None = None
        app.follow, app.limiter = viewers.readers.follow, ViewerPace(viewers.budget, self._outlet)
        app.driver_class = cast("type[Driver]", self._drive)

    def _drive(self, app: Dashboard, **given: Any) -> BrowserDriver:
        self._driver = BrowserDriver(app, outlet=self._outlet, downloads=self._downloads, **given)
        return self._driver

    async def run(self, size: tuple[int, int]) -> list[Exception]:
        """Run until the dashboard is left or the page is gone; returns what broke.

        What a dashboard breaks on that is closed while it opens is nobody's loss.
        """
        works: list[Coroutine[Any, Any, object]] = [self._app.run_async(size=size), self._listen(), self._send()]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            by_itself = self._app.crash
            self._app.exit()
            await asyncio.wait(tasks[:1], timeout=CLOSING_SECONDS)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            if self._app.feed is not None:
                self._app.feed.stop()
        found = [by_itself, *(error for error in ended if not isinstance(error, ConnectionError))]
        return [error for error in found if isinstance(error, Exception)]

    async def _listen(self) -> None:
        """Hand on what the page says; a page that says nothing but nonsense is left."""
        nonsense = 0
        async for said in self._page.said():
            message = read_message(said)
            if isinstance(message, Pinged):
                await self._page.send(message.answer)
            elif message is not None and self._driver is not None:
                await self._do(message, self._driver)
            elif message is None and (nonsense := nonsense + 1) > GARBAGE:
                return

    async def _do(self, message: Typed | WindowSize, driver: BrowserDriver) -> None:
        """Do it as soon as the dashboard has done what was asked before."""
        while self._app.message_queue_size > WAITING_KEYS:  # noqa: ASYNC110  # Textual tells nobody when it has become shorter
            await asyncio.sleep(REST_SECONDS)
        if isinstance(message, Typed):
            driver.type(message.text)
        else:
            driver.resize(message.width, message.height)

    async def _send(self) -> None:
        """Send what is drawn as fast as the page takes it; one that takes nothing is left."""
        while True:
            drawn, words = await self._outlet.next()
            for word in words:
                await self._page.send(word)
            sending = asyncio.create_task(self._page.send(drawn))
            try:
                while not (await asyncio.wait([sending], timeout=STALL_SECONDS))[0]:
                    if self._outlet.is_lost:
                        return
            finally:
                sending.cancel()
            await sending
