"""The server: aiohttp around the site and the viewers, from its first connection to Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlbench.errors import MissingLibraryError, SetupError
from dlbench.serve.access import Access, WebRequest
from dlbench.serve.messages import LARGEST, size
from dlbench.serve.site import HEADERS, Site, SiteAnswer

if TYPE_CHECKING:
    from aiohttp import web

    from dlbench.run.folder import RunFolder
    from dlbench.serve.viewers import Viewers
    from dlbench.tui.options import DashboardOptions

HEARTBEAT_SECONDS = 60.0
"""So often a browser is asked whether it is still there. It has half of that to answer, and so has this server to hear it: beside a
training on every core either may have to wait for many seconds."""


def check_libraries() -> None:
    """Raises MissingLibraryError where the extra is not installed."""
    try:
        import aiohttp  # noqa: F401
        import textual_serve  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            f'serving needs {error.name}; install it with `pip install "dlbench[serve]"`'
        ) from None


@dataclass
class WebsocketPage:
    """A page at the other end of a websocket of aiohttp."""

    socket: web.WebSocketResponse

    async def said(self) -> AsyncIterator[str]:
        """What it says; a message too large, or a frame that is none, ends it."""
        from aiohttp import WSMsgType

        async for message in self.socket:
            yield message.data if message.type is WSMsgType.TEXT else ""

    async def send(self, data: bytes | str) -> None:
        """Bytes of the screen, or a word to the page."""
        if isinstance(data, bytes):
            await self.socket.send_bytes(data)
        else:
            await self.socket.send_str(data)

    async def close(self, why: str) -> None:
        """Say goodbye."""
        with suppress(ConnectionError):
            await self.socket.close(code=1001, message=why.encode())

    def __hash__(self) -> int:
        return id(self)


def make_server(site: Site, viewers: Viewers) -> web.Application:
    """The application of aiohttp: every path and method goes to the site, one path to the viewers."""
    from aiohttp import web

    async def page(request: web.Request) -> web.StreamResponse:
        return response(site.answer(asked(request)))

    async def watch(request: web.Request) -> web.StreamResponse:
        refusal = site.refuses_viewer(asked(request))
        if refusal is not None:
            return response(refusal)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST, compress=False)
        if not socket.can_prepare(request):
            return web.Response(status=426, headers=HEADERS | {"Upgrade": "websocket"})
        try:
            cells = size(request.query.get("width", "80"), request.query.get("height", "24"))
        except ValueError:
            cells = (80, 24)
        with viewers.place():
            await socket.prepare(request)
            await viewers.show(WebsocketPage(socket), cells)
        return socket

    async def end(_: web.Application) -> None:
        await viewers.close()

    app = web.Application(client_max_size=1024)
    app.on_shutdown.append(end)
    app.router.add_route("GET", "/ws", watch)
    app.router.add_route("*", "/{path:.*}", page)
    return app


def asked(request: web.Request) -> WebRequest:
    """What a request of aiohttp asks."""
    hosts, origins = (request.headers.getall(name, []) for name in ("Host", "Origin"))
    return WebRequest(
        path=request.path,
        method=request.method,
        token=request.query.get("token"),
        host=hosts[0] if len(hosts) == 1 else None,
        origin=None if not origins else origins[0] if len(origins) == 1 else "",
        cookies=dict(request.cookies),
        is_secure=request.headers.get("X-Forwarded-Proto") == "https",
    )


def response(answer: SiteAnswer) -> web.Response:
    """An answer as aiohttp sends it."""
    from aiohttp import web

    charset = "utf-8" if answer.kind.startswith("text/") else None
    return web.Response(
        status=answer.status,
        body=answer.body,
        content_type=answer.kind,
        charset=charset,
        headers=HEADERS | dict(answer.headers),
    )


async def serve_run(
    folder: RunFolder,
    options: DashboardOptions,
    access: Access,
    port: int,
    *,
    most: int,
    ready: Callable[[int], None],
    broke: Callable[[Exception], None],
) -> None:
    """Serve the dashboard of a run to so many viewers at most.

    `ready` is told the port when it can be opened, `broke` what a viewer's dashboard broke on: the others go on.

    Raises as `listen` does, and UsageError or DlbenchError where the folder is no run that can be read.
    """
    from dlbench.serve.viewers import Viewers

    streams = sys.stdout, sys.stderr
    viewers = Viewers(folder, options, most=most, broke=broke)
    try:
        await listen(make_server(make_site(access, viewers, folder.name), viewers), access.listens, port, ready)
    finally:
        await viewers.close()
        # Each dashboard puts its own in their place and, closing, back what it found, in whatever order they close.
        sys.stdout, sys.stderr = streams


def make_site(access: Access, viewers: Viewers, run: str) -> Site:
    """The site around some viewers."""
    return Site(
        access,
        title=f"dlbench {run}",
        downloads=viewers.downloads,
        room=lambda: viewers.has_room,
    )


async def listen(app: web.Application, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then end all viewers.

    Raises SetupError where address and port cannot be had.
    """
    from aiohttp import web

    over, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # of nohup
            loop.add_signal_handler(number, over.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        listening = web.TCPSite(runner, host, port)
        try:
            await listening.start()
        except OSError as error:
            why = error.strerror or str(error)
            raise SetupError(f"cannot listen on {host}, port {port}: {why}; choose another by --port") from None
        ready(runner.addresses[0][1])
        await over.wait()
    finally:
        await runner.cleanup()
